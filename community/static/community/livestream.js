// Livestreams: one more row in a form, a jump to what is missing, clocks, and the part of the desk that changes.
for (const box of document.querySelectorAll(".ls-rows")) {
    const more = box.querySelector(".ls-more");
    more.addEventListener("click", () => {
        const rows = box.querySelectorAll(".ls-row");
        if (rows.length >= Number(box.dataset.most)) return;
        const row = rows[rows.length - 1].cloneNode(true);
        const from = `${box.dataset.name}-${rows.length}-`;
        const to = `${box.dataset.name}-${rows.length + 1}-`;
        row.setAttribute("aria-label", rows.length + 1);
        for (const field of row.querySelectorAll("[name]")) {
            field.name = field.name.replace(from, to);
            field.setAttribute("aria-label", (field.getAttribute("aria-label") || "").replace(/\d+$/, rows.length + 1));
            field.value = "";
        }
        more.before(row);
        row.querySelector("select, input:not([type=hidden]), textarea").focus();
        more.hidden = rows.length + 1 >= Number(box.dataset.most);
    });
}

for (const link of document.querySelectorAll("[data-ls-jump]")) {
    link.addEventListener("click", (event) => {
        const name = link.dataset.lsJump;
        const place = document.getElementById(`id_${name}`) || document.querySelector(`[name^="${name}_"], [name="${name}"]`);
        if (!place) return;
        event.preventDefault();
        place.scrollIntoView({ block: "center" });
        (place.matches("input, select, textarea") ? place : place.querySelector("select, input:not([type=hidden]), textarea"))?.focus();
    });
}

for (const button of document.querySelectorAll("[data-ls-sure]")) {
    button.addEventListener("click", (event) => {
        if (!window.confirm(button.dataset.lsSure)) event.preventDefault();
    });
}

const two = (number) => String(number).padStart(2, "0");
const said = (seconds, days) => {
    const left = Math.max(0, Math.floor(seconds));
    const whole = Math.floor(left / 86400);
    const clock = `${two(Math.floor(left / 3600) % 24)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
    return whole ? `${whole} ${days || "d"} ${clock}` : clock;
};
const tick = () => {
    const now = Date.now();
    for (const clock of document.querySelectorAll("[data-ls-until]")) {
        clock.textContent = said((Date.parse(clock.dataset.lsUntil) - now) / 1000, clock.dataset.lsDays);
    }
    for (const clock of document.querySelectorAll("[data-ls-since]")) {
        clock.textContent = said((now - Date.parse(clock.dataset.lsSince)) / 1000);
    }
};
if (document.querySelector("[data-ls-until], [data-ls-since]")) {
    tick();
    setInterval(tick, 1000);
}

const changing = document.getElementById("ls-now");
if (changing) {
    const renew = async () => {
        // A form that is being sent, or a page nobody looks at, is left alone.
        if (document.hidden) return;
        const answer = await fetch(changing.dataset.lsNow, { headers: { Accept: "text/html" } }).catch(() => null);
        if (!answer || !answer.ok || answer.redirected) return;
        const held = document.activeElement && changing.contains(document.activeElement) ? document.activeElement.id : "";
        const list = changing.querySelector(".ls-comments ul");
        const down = list ? list.scrollTop : 0;
        changing.innerHTML = await answer.text();
        const state = changing.querySelector("[data-ls-state]")?.dataset.lsState;
        if (state && state !== "live") return window.location.reload();
        if (held) document.getElementById(held)?.focus();
        const fresh = changing.querySelector(".ls-comments ul");
        if (fresh) fresh.scrollTop = down;
        tick();
    };
    setInterval(renew, 5000);
}
