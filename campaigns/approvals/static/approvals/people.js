// Choosing people: a list from the server, narrowed while one types. It is asked for when it comes into view.
(() => {
    for (const box of document.querySelectorAll("[data-people]")) {
        const found = box.querySelector("[data-people-found]");
        const typed = box.querySelector("[data-people-words]");
        const several = box.dataset.field === "people";
        const chosen = new Map(box.dataset.chosen.split(" ").filter(Boolean).map((id) => [id, null]));
        let asked = 0, timer = 0;

        function row(item) {
            const label = document.createElement("label");
            const input = document.createElement("input");
            input.type = several ? "checkbox" : "radio";
            input.name = box.dataset.field;
            input.value = item.id;
            input.required = false;
            input.checked = chosen.has(item.id);
            if (input.checked) chosen.set(item.id, item);
            input.addEventListener("change", () => {
                if (!several) chosen.clear();
                input.checked ? chosen.set(item.id, item) : chosen.delete(item.id);
            });
            const name = document.createElement("span");
            const where = document.createElement("small");
            name.textContent = item.name;
            where.textContent = item.more;
            label.append(input, name, where);
            return label;
        }

        function note(text) {
            const line = document.createElement("p");
            line.className = "ap-quiet";
            line.textContent = text;
            return line;
        }

        async function ask() {
            const turn = ++asked;
            const address = `${box.dataset.people}&q=${encodeURIComponent(typed.value)}`;
            const answer = await fetch(address, { headers: { Accept: "application/json" } });
            if (turn !== asked || !answer.ok || answer.redirected) return;
            const { items, has_more } = await answer.json();
            // Who is chosen stays in sight, whatever is typed afterwards.
            const kept = [...chosen.values()].filter((one) => one && !items.some((item) => item.id === one.id));
            const rows = [...kept, ...items].map(row);
            found.replaceChildren(...(rows.length ? rows : [note(box.dataset.none)]), ...(has_more ? [note(box.dataset.more)] : []));
        }

        typed.addEventListener("input", () => {
            clearTimeout(timer);
            timer = setTimeout(ask, 120);
        });
        typed.addEventListener("keydown", (event) => {
            const first = found.querySelector("input");
            if (event.key === "ArrowDown" && first) {
                event.preventDefault();
                (found.querySelector("input:checked") || first).focus();
            } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
                // Enter takes the first one found and does not send the form.
                event.preventDefault();
                if (first && !first.checked) first.click();
            }
        });
        const dialog = box.closest("dialog");
        if (!dialog) ask();
        else if (dialog.open) ask();
        dialog?.addEventListener("opened", () => { typed.focus(); ask(); });
    }
})();
