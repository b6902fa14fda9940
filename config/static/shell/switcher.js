// The branch switcher of the header: search while typing, arrow keys, Enter, Esc; "b" opens it.
document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("[data-switcher]");
    if (!box) return;
    const open = box.querySelector("[data-switcher-open]");
    const panel = box.querySelector("[data-switcher-panel]");
    const form = box.querySelector("[data-switcher-form]");
    const words = box.querySelector("[data-switcher-words]");
    const found = box.querySelector("[data-switcher-found]");
    const mine = box.querySelector("[data-switcher-mine]");
    const chosen = form.elements.assignment.value;
    let timer = 0;
    let asked = 0;
    let at = -1;

    const choices = () => [...(found.hidden ? mine : found).querySelectorAll(".fh-choice")];

    function mark(next) {
        const all = choices();
        at = all.length ? (next + all.length) % all.length : -1;
        all.forEach((choice, index) => choice.classList.toggle("is-marked", index === at));
        if (at >= 0) all[at].scrollIntoView({ block: "nearest" });
    }

    function show(is_open) {
        panel.hidden = !is_open;
        open.setAttribute("aria-expanded", String(is_open));
        if (is_open) {
            words.value = "";
            found.hidden = true;
            mine.hidden = false;
            mark(0);
            words.focus();
        } else {
            open.focus();
        }
    }

    function take(choice) {
        form.elements.assignment.value = choice.dataset.assignment || chosen;
        form.elements.branch.value = choice.dataset.branch || "";
        form.submit();
    }

    function line(item) {
        const choice = document.createElement("button");
        choice.type = "button";
        choice.className = "fh-choice";
        choice.dataset.branch = item.id;
        choice.setAttribute("role", "option");
        for (const [name, text] of [["name", item.name], ["more", [item.under, item.level, item.code].filter(Boolean).join(" · ")]]) {
            const part = document.createElement("span");
            part.className = `fh-choice-${name}`;
            part.textContent = text;
            choice.append(part);
        }
        return choice;
    }

    async function search() {
        const number = ++asked;
        const text = words.value.trim();
        if (!text) {
            found.hidden = true;
            mine.hidden = false;
            mark(0);
            return;
        }
        const answer = await fetch(`${box.dataset.search}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
        if (number !== asked || !answer.ok) return;
        const { items } = await answer.json();
        found.replaceChildren(...items.map(line));
        if (!items.length) {
            const none = document.createElement("p");
            none.className = "fh-none";
            none.textContent = box.dataset.none;
            found.append(none);
        }
        found.hidden = false;
        mine.hidden = true;
        mark(0);
    }

    open.addEventListener("click", () => show(panel.hidden));
    panel.addEventListener("click", (event) => {
        const choice = event.target.closest(".fh-choice");
        if (choice) take(choice);
    });
    words.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(search, 180);
    });
    panel.addEventListener("keydown", (event) => {
        if (event.isComposing) return; // Enter and arrows belong to the input method
        if (event.key === "ArrowDown") mark(at + 1);
        else if (event.key === "ArrowUp") mark(at - 1);
        else if (event.key === "Enter" && document.activeElement === words) {
            if (choices()[at]) take(choices()[at]);
        } else if (event.key === "Escape") show(false);
        else return;
        event.preventDefault();
    });
    document.addEventListener("mousedown", (event) => {
        if (!panel.hidden && !box.contains(event.target)) show(false);
    });
    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest("input, textarea, select, [contenteditable=true]");
        if (event.key === "b" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && panel.hidden) {
            event.preventDefault();
            show(true);
        }
    });
});
