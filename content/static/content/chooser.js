// Choosing from the library on any form: a dialog with the wall, filled by the server; what is dropped on it is uploaded.
(() => {
    let field = null, dialog = null, inside = null, asked = 0;
    const part = (name) => inside.querySelector(`[data-${name}]`);
    const tiles = () => [...inside.querySelectorAll("[data-pick]")];
    const value = () => field.querySelector("input[type=hidden]").value;

    const build = () => {
        dialog = document.createElement("dialog");
        dialog.className = "ch-dialog";
        inside = dialog.appendChild(document.createElement("div"));
        inside.className = "ch-inside";
        // On the page itself: a form inside of another form would be none.
        document.body.append(dialog);
        dialog.addEventListener("close", () => field?.querySelector("[data-choose]").focus());
        dialog.addEventListener("click", clicked);
        dialog.addEventListener("keydown", pressed);
        dialog.addEventListener("input", (event) => { if (event.target.matches("[type=search]")) later(); });
        dialog.addEventListener("change", (event) => {
            if (event.target.matches("[type=file]")) { sendAll([...event.target.files]); event.target.value = ""; }
            else if (event.target.matches("select")) ask();
        });
        dialog.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
        dialog.addEventListener("focusin", (event) => { const tile = event.target.closest("[data-pick]"); if (tile) look(tile); });
        dialog.addEventListener("pointerover", (event) => { const tile = event.target.closest("[data-pick]"); if (tile && event.pointerType === "mouse") look(tile); });
        dialog.addEventListener("dragover", (event) => { if (part("drop")) { event.preventDefault(); part("drop").classList.add("is-over"); } });
        dialog.addEventListener("dragleave", (event) => { if (!dialog.contains(event.relatedTarget)) part("drop")?.classList.remove("is-over"); });
        dialog.addEventListener("drop", (event) => {
            if (!part("drop")) return;
            event.preventDefault();
            event.stopPropagation();
            part("drop").classList.remove("is-over");
            sendAll([...event.dataTransfer.files]);
        });
    };

    const open = async (choice) => {
        field = choice;
        if (!dialog) build();
        dialog.setAttribute("aria-label", field.dataset.title);
        const answer = await fetch(field.dataset.wall, { redirect: "error", credentials: "same-origin" }).catch(() => null);
        const head = document.createElement("h2");
        head.textContent = field.dataset.title;
        if (answer?.ok) {
            inside.innerHTML = await answer.text();
            inside.prepend(head);
        } else {
            const close = Object.assign(document.createElement("button"), { type: "button", className: "ct-button", textContent: "×" });
            close.dataset.close = "";
            inside.replaceChildren(head, field.dataset.lost, close);
        }
        if (!dialog.open) dialog.showModal();
        settle();
        inside.querySelector("[type=search]")?.focus();
    };

    // --- what is looked at ---
    const settle = () => {
        const all = tiles();
        all.forEach((tile) => tile.classList.toggle("is-chosen", tile.dataset.pick === value()));
        const first = all.find((tile) => tile.dataset.pick === value()) || all[0];
        if (first) look(first);
        else if (part("look")) part("look").hidden = true;
    };
    const look = (tile) => {
        tiles().forEach((each) => { each.setAttribute("aria-selected", String(each === tile)); each.tabIndex = each === tile ? 0 : -1; });
        const pane = part("look"), whole = part("whole"), point = part("focal-point");
        pane.hidden = false;
        pane.querySelector(".ch-stage").hidden = !tile.dataset.desk;
        if (tile.dataset.desk && whole.getAttribute("src") !== tile.dataset.desk) whole.src = tile.dataset.desk;
        point.style.left = `${tile.dataset.x / 10}%`;
        point.style.top = `${tile.dataset.y / 10}%`;
        pane.querySelector("[data-name]").textContent = tile.dataset.name;
        part("look-about").textContent = tile.dataset.about;
        part("look-warns").textContent = tile.dataset.warns;
        pane.dataset.looks = tile.dataset.pick;
    };
    const pressed = (event) => {
        // A search field would only be emptied by it.
        if (event.key === "Escape") { event.preventDefault(); return dialog.close(); }
        const tile = event.target.closest("[data-pick]");
        const all = tiles();
        if (!tile) {
            if (event.key === "ArrowDown" && event.target.matches("[type=search]") && all.length) {
                event.preventDefault();
                (all.find((each) => each.tabIndex === 0) || all[0]).focus();
            }
            // Enter in the search looks; it does not send the form behind the dialog.
            return;
        }
        const at = all.indexOf(tile);
        // As many in a row as stand at the same height.
        const wide = all.filter((each) => each.offsetTop === all[0].offsetTop).length;
        const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide, Home: -at, End: all.length - 1 - at };
        if (event.key in steps) {
            event.preventDefault();
            const next = all[at + steps[event.key]];
            if (next) next.focus();
            else if (event.key === "ArrowUp") inside.querySelector("[type=search]").focus();
        } else if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            choose(tile.dataset);
        }
    };

    // --- what is asked for ---
    let waiting = 0;
    const later = () => { clearTimeout(waiting); waiting = setTimeout(ask, 250); };
    const ask = async (page = 1, more = false) => {
        clearTimeout(waiting);
        const mine = ++asked, address = new URL(field.dataset.wall, location.href);
        new FormData(part("asking")).forEach((said, name) => address.searchParams.set(name, said));
        address.searchParams.set("page", page);
        const answer = await fetch(address, { redirect: "error", credentials: "same-origin" }).catch(() => null);
        if (mine !== asked) return; // Somebody typed on.
        if (!answer?.ok) { part("tiles").textContent = field.dataset.lost; return; }
        const holder = document.createElement("div");
        holder.innerHTML = await answer.text();
        if (more) {
            part("more")?.remove();
            const first = holder.querySelector("[data-pick]");
            part("list").append(...holder.querySelectorAll("[data-pick]"));
            part("tiles").append(...holder.querySelectorAll("[data-more]"));
            first?.focus();
        } else {
            part("tiles").replaceChildren(...holder.childNodes);
            settle();
        }
    };

    const clicked = (event) => {
        if (event.target.closest("[data-close]") || event.target === dialog) return dialog.close();
        const more = event.target.closest("[data-more]");
        if (more) return ask(+more.dataset.more, true);
        const tile = event.target.closest("[data-pick]");
        if (tile) return choose(tile.dataset);
        if (event.target.closest("[data-take]")) {
            const chosen = tiles().find((each) => each.dataset.pick === part("look").dataset.looks);
            if (chosen) choose(chosen.dataset);
        }
    };

    // --- what was chosen ---
    const fill = (choice, { pick, name, thumb }) => {
        const image = choice.querySelector("img"), input = choice.querySelector("input[type=hidden]");
        input.value = pick;
        image.hidden = !thumb;
        thumb ? (image.src = thumb) : image.removeAttribute("src");
        choice.querySelector("[data-choice-name]").textContent = name;
        choice.querySelector("[data-empty]").hidden = !pick;
        ["input", "change"].forEach((told) => input.dispatchEvent(new Event(told, { bubbles: true })));
        choice.dispatchEvent(new CustomEvent("asset:chosen", { bubbles: true }));
    };
    const choose = (chosen) => { fill(field, chosen); dialog.close(); };

    document.addEventListener("click", (event) => {
        const choice = event.target.closest("[data-choice]");
        if (!choice) return;
        if (event.target.closest("[data-choose]")) open(choice);
        if (event.target.closest("[data-empty]")) {
            fill(choice, { pick: "", name: choice.dataset.nothing, thumb: "" });
            choice.querySelector("[data-choose]").focus();
        }
    });

    // --- what is dropped: one by one, each with its progress and its verdict ---
    const send = (file) => new Promise((done) => {
        const drop = part("drop"), row = part("verdicts").appendChild(document.createElement("li"));
        row.append(file.name);
        const bar = row.appendChild(Object.assign(document.createElement("progress"), { max: 1 }));
        const said = (how, words, verdict = null) => {
            bar.remove();
            row.className = how;
            row.append(` ${words}`);
            done(verdict);
        };
        const body = new FormData();
        body.set("files", file);
        const folder = inside.querySelector("select[name=folder]");
        if (folder?.value) body.set("folder", folder.value);
        const request = new XMLHttpRequest();
        request.open("POST", drop.dataset.upload);
        request.setRequestHeader("Accept", "application/json");
        request.setRequestHeader("X-CSRFToken", document.querySelector("[name=csrfmiddlewaretoken]").value);
        request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
        request.upload.onload = () => bar.removeAttribute("value");
        request.onerror = () => said("is-refused", drop.dataset.failed);
        request.onload = () => {
            let verdict = null;
            try { [verdict] = JSON.parse(request.responseText).verdicts; } catch { /* the server answered with a page */ }
            if (!verdict) return said("is-refused", drop.dataset.failed);
            said(verdict.taken ? "is-taken" : "is-refused", verdict.words, verdict);
        };
        request.send(body);
    });
    const sendAll = async (files) => {
        let last = "";
        // What the branch has already is looked at as what is new.
        for (const file of files) last = (await send(file))?.id || last;
        if (!last) return;
        inside.querySelector("[type=search]").value = "";
        inside.querySelectorAll("select[name=tag]").forEach((each) => { each.value = ""; });
        await ask();
        tiles().find((tile) => tile.dataset.pick === last)?.focus();
    };
})();
