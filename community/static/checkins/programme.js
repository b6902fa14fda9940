// The form of a programme: what belongs to the chosen proof alone, and the phone that shows what is typed; the queue's keys.
const LATER = 400;
const OF_PROOF = { questions: ["quiz"], near: ["position"], looked: ["text", "picture"] };

const form = document.querySelector("#programme_form");
const proofs = form ? [...form.querySelectorAll("input[name='proof']")] : [];
if (proofs.length) {
    const row = (name) => form.querySelector(`.field-${name}`);
    const makeups = [...form.querySelectorAll("[name^='makeup_']")];
    const settle = () => {
        const chosen = proofs.find((each) => each.checked)?.value || "none";
        for (const [name, of] of Object.entries(OF_PROOF)) {
            const box = row(name);
            if (box) box.hidden = !of.includes(chosen);
        }
        // Code and position are of the day.
        const none = ["code", "position"].includes(chosen);
        for (const each of makeups) each.readOnly = none;
        if (none && makeups[0]) makeups[0].value = 0;
    };

    const live = document.createElement("aside");
    live.className = "ck-live";
    live.setAttribute("aria-live", "polite");
    const beside = form.querySelector("fieldset")?.parentElement;
    beside?.classList.add("ck-beside");
    beside?.prepend(live);
    if (beside) live.style.gridRow = `1 / span ${beside.children.length}`;
    const ask = location.pathname.replace(/[^/]+\/(change\/)?$/, "said/");
    let timer = 0, running = null;
    const show = async () => {
        running?.abort();
        running = new AbortController();
        try {
            const answer = await fetch(ask, { method: "POST", body: new FormData(form), signal: running.signal });
            if (answer.ok) live.innerHTML = await answer.text();
        } catch { /* a newer question is under way, or the page is being left */ }
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(show, LATER); };
    form.addEventListener("change", settle);
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    settle();
    show();
}

const looks = [...document.querySelectorAll(".ck-look")];
if (looks.length) {
    document.addEventListener("keydown", (event) => {
        if (event.target.closest("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
        const at = looks.indexOf(document.activeElement);
        const key = event.key.toLowerCase();
        if (key === "j") looks[Math.min(at + 1, looks.length - 1)].focus();
        else if (key === "k") looks[Math.max(at - 1, 0)].focus();
        else if (at >= 0 && key === "a") looks[at].querySelector("form[action$='/accept/']")?.requestSubmit();
        else if (at >= 0 && key === "r") looks[at].querySelector("input[name='reason']")?.focus();
        else return;
        event.preventDefault();
    });
}
