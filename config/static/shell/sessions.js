// Before a session ends for want of clicks: typing keeps it alive, and what was typed stays when it has ended.
document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("[data-session]");
    if (!box) return;
    // The sidebar that brought it is closed on a phone.
    document.body.append(box);
    const words = box.querySelector("[data-session-words]");
    const button = box.querySelector("[data-session-on]");
    const again = box.querySelector("[data-session-again]");
    const WARN = 120, LOOK = 15; // seconds
    let overAt = Date.now() + box.dataset.left * 1000;
    let acted = false, ended = false, busy = false, toldAt = Date.now();

    for (const kind of ["keydown", "pointerdown", "input", "wheel", "touchmove"])
        addEventListener(kind, () => { acted = true; }, { passive: true, capture: true });

    const left = () => Math.round((overAt - Date.now()) / 1000);

    // Who logged in again elsewhere has another form token; with it the form on this page may still be sent.
    const renew = (token) => document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });

    async function ask(method) {
        if (busy) return;
        busy = true;
        try {
            const headers = { Accept: "application/json" };
            if (method === "POST") headers["X-CSRFToken"] = box.querySelector("input[name=csrfmiddlewaretoken]").value;
            const answer = await fetch(method === "POST" ? box.dataset.here : box.dataset.asked, { method, headers });
            const said = await answer.json();
            ended = answer.status === 401;
            if (ended) {
                words.textContent = `${said.ended} ${box.dataset.kept}`;
            } else if (answer.ok) {
                overAt = Date.now() + said.left * 1000;
                renew(said.token);
            }
            if (method === "POST" && answer.ok) { acted = false; toldAt = Date.now(); }
        } catch { /* Away for a moment: the next look asks again. */
        } finally { busy = false; }
        show();
    }

    function show() {
        const seconds = left();
        box.hidden = !ended && seconds > WARN;
        button.hidden = ended;
        again.hidden = !ended;
        if (!ended) words.textContent = box.dataset.soon.replace("{seconds}", Math.max(0, seconds));
    }

    async function look() {
        if (ended) return;
        // Told early enough that a last key press within the idle time counts, and rarely enough to cost nothing.
        if (acted && Date.now() - toldAt > 60_000) await ask("POST");
        // Another tab may have gone on.
        else if (left() <= WARN && (box.hidden || left() <= 0)) await ask("GET");
        show();
    }

    button.addEventListener("click", () => ask("POST"));
    setInterval(look, LOOK * 1000);
    setInterval(() => { if (!box.hidden && !ended) show(); }, 1000);
    addEventListener("focus", () => { if (ended || left() <= WARN) ask("GET"); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && (ended || left() <= WARN)) ask("GET"); });
});
