// Proposals below the fields "who" and "what": search while typing, arrow keys, Enter, Esc.
document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-audit]");
    if (!form) return;
    for (const field of form.querySelectorAll("[data-choose]")) {
        const words = field.querySelector("input[type=search]");
        const chosen = field.querySelector("input[type=hidden]");
        const list = field.querySelector("[role=listbox]");
        let timer = 0;
        let asked = 0;
        let at = -1;

        function show(is_open) {
            list.hidden = !is_open;
            words.setAttribute("aria-expanded", String(is_open));
        }

        function mark(next) {
            const all = [...list.children];
            at = all.length ? (next + all.length) % all.length : -1;
            all.forEach((choice, index) => choice.classList.toggle("is-marked", index === at));
            if (at >= 0) all[at].scrollIntoView({ block: "nearest" });
        }

        function take(choice) {
            chosen.value = choice.dataset.ref;
            words.value = choice.dataset.name;
            show(false);
            form.requestSubmit();
        }

        function line(item) {
            const choice = document.createElement("button");
            choice.type = "button";
            choice.tabIndex = -1;
            choice.dataset.ref = item.ref;
            choice.dataset.name = item.name;
            choice.setAttribute("role", "option");
            for (const text of [item.name, item.more]) {
                const part = document.createElement("span");
                part.textContent = text;
                choice.append(part);
            }
            choice.addEventListener("mousedown", (event) => {
                event.preventDefault();
                take(choice);
            });
            return choice;
        }

        async function search() {
            const mine = ++asked;
            const query = new URLSearchParams({ of: field.dataset.choose, q: words.value });
            const answer = await fetch(`${form.dataset.proposals}?${query}`, { headers: { Accept: "application/json" } });
            if (!answer.ok || mine !== asked || document.activeElement !== words) return;
            const { items } = await answer.json();
            list.replaceChildren(...items.map(line));
            at = -1;
            show(items.length > 0);
        }

        words.addEventListener("input", () => {
            chosen.value = "";
            clearTimeout(timer);
            timer = setTimeout(search, 150);
        });
        words.addEventListener("blur", () => show(false));
        words.addEventListener("keydown", (event) => {
            if (event.key === "Escape") show(false);
            if (list.hidden) return;
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
                event.preventDefault();
                mark(at + (event.key === "ArrowDown" ? 1 : -1));
            }
            if (event.key === "Enter" && at >= 0) {
                event.preventDefault();
                take(list.children[at]);
            }
        });
    }
    // What was chosen speaks for itself; the words beside it would only be asked again.
    form.addEventListener("submit", () => {
        for (const field of form.querySelectorAll("[data-choose]")) {
            const chosen = field.querySelector("input[type=hidden]");
            field.querySelector("input[type=search]").disabled = chosen.value !== "";
            chosen.disabled = chosen.value === "";
        }
        for (const day of form.querySelectorAll("input[type=date]")) day.disabled = day.value === "";
    });
});
