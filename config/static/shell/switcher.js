// The branch switcher of the header: search while typing, arrow keys, Enter, Esc. Ctrl+K opens it everywhere; "/" and
// "b" where nothing is being typed ("/" goes to the list's own search on pages that have one).
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
        all.forEach((choice, index) => choice.setAttribute("aria-selected", String(index === at)));
        if (at >= 0 && all[at].id) words.setAttribute("aria-activedescendant", all[at].id);
        else words.removeAttribute("aria-activedescendant");
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

    function part(name, text) {
        const made = document.createElement("span");
        made.className = `fh-choice-${name}`;
        made.textContent = text;
        return made;
    }

    // The name, with what answers to the words marked; places are counted in characters, not in half surrogates.
    function named(item) {
        const letters = Array.from(item.name);
        const made = part("name", "");
        let done = 0;
        for (const [from, until] of item.marks) {
            const mark = document.createElement("mark");
            mark.textContent = letters.slice(from, until).join("");
            made.append(letters.slice(done, from).join(""), mark);
            done = until;
        }
        made.append(letters.slice(done).join(""));
        return made;
    }

    function line(item, index) {
        const choice = document.createElement("button");
        choice.type = "button";
        choice.id = `fh-found-${index}`;
        choice.className = item.is_open ? "fh-choice" : "fh-choice is-closed";
        choice.dataset.assignment = item.assignment;
        choice.dataset.branch = item.id;
        choice.setAttribute("role", "option");
        const where = document.createElement("span");
        where.className = "fh-choice-where";
        where.append(named(item), part("above", [item.above, item.code].filter(Boolean).join(" · ")));
        choice.append(where, part("more", item.is_open ? item.role : `${box.dataset.closed} · ${item.role}`));
        return choice;
    }

    function say(words) {
        const none = document.createElement("p");
        none.className = "fh-none";
        none.textContent = words;
        found.replaceChildren(none);
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
        let items = null;
        try {
            const answer = await fetch(`${box.dataset.search}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
            if (answer.ok) ({ items } = await answer.json());
        } catch {
            // No answer, or the log-in page in its place: said below.
        }
        if (number !== asked) return;
        if (items === null) say(box.dataset.failed);
        else if (!items.length) say(box.dataset.none);
        else found.replaceChildren(...items.map(line));
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
        timer = setTimeout(search, 150);
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
        if (!panel.hidden || event.altKey || event.isComposing) return;
        const typing = event.target.closest("input, textarea, select, [contenteditable=true]");
        const everywhere = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
        const here = !typing && !event.ctrlKey && !event.metaKey
            && (event.key === "b" || (event.key === "/" && !document.querySelector("#searchbar")));
        if (everywhere || here) {
            event.preventDefault();
            show(true);
        }
    });
});
