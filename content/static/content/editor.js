// The editor: an outline of the parts and blocks, one of them open, saved as one types.
(() => {
    const desk = document.querySelector("[data-editor]");
    const form = document.getElementById("item_form");
    if (!desk || !form) return;
    const list = desk.querySelector("[data-list]");
    const blocks = desk.querySelector("[data-blocks]");
    const order = form.querySelector("[data-order]");
    const may = !!desk.dataset.may;
    const fixed = !!desk.dataset.fixed; // a local version: blocks come and go in the original
    const say = desk.dataset;
    const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;
    const panels = () => [...form.querySelectorAll("[data-panel]")];
    const element = (tag, more = {}, ...inside) => {
        const made = Object.assign(document.createElement(tag), more);
        made.append(...inside);
        return made;
    };

    // --- the outline: blocks stand after the text, before the coupon ---
    const ICONS = { head: "title", product: "account_balance", body: "notes", coupon: "confirmation_number", when: "schedule" };
    const codeOf = (panel) => panel.dataset.key || (panel.dataset.panel.match(/panel-(\w+)/) || [])[1] || panel.dataset.panel;
    const place = (panel) => (panel.dataset.key ? "block" : codeOf(panel));
    const RANK = ["head", "product", "body", "block", "coupon", "when"];
    const inOrder = () => panels().map((panel, at) => [panel, at]).sort(([a, i], [b, j]) => RANK.indexOf(place(a)) - RANK.indexOf(place(b)) || i - j).map(([panel]) => panel);
    const gist = (panel) => {
        const typed = [...panel.querySelectorAll("input[type=text], input:not([type]), textarea, [data-choice-name]")]
            .map((field) => (field.value ?? field.textContent ?? "").replace(/<[^>]*>/g, " ").trim()).find(Boolean);
        return (typed || "").slice(0, 18);
    };
    let open = "";
    const show = (code, focus = false) => {
        const all = inOrder();
        const chosen = all.find((panel) => codeOf(panel) === code) || all[0];
        if (!chosen) return;
        open = codeOf(chosen);
        all.forEach((panel) => (panel.hidden = panel !== chosen));
        list.querySelectorAll("button[data-code]").forEach((button) => {
            const isOpen = button.dataset.code === open;
            button.setAttribute("aria-current", isOpen ? "true" : "false");
            button.tabIndex = isOpen ? 0 : -1;
            if (isOpen && focus) button.focus();
        });
    };
    const outline = () => {
        list.replaceChildren(...inOrder().map((panel) => {
            const isBlock = !!panel.dataset.key;
            const icon = element("span", { className: "material-symbols-outlined", textContent: panel.dataset.icon || ICONS[codeOf(panel)] || "article" });
            icon.setAttribute("aria-hidden", "true");
            const words = element("span", {}, element("b", { textContent: panel.dataset.name }), element("small", { textContent: gist(panel) }));
            const button = element("button", { type: "button" }, icon, words);
            button.dataset.code = codeOf(panel);
            const row = element("li", { draggable: isBlock && may && !fixed }, button);
            if (panel.querySelector(".ct-wrong, .errorlist")) row.className = "ct-has-wrong";
            if (isBlock) row.dataset.key = panel.dataset.key;
            return row;
        }));
        if (order) order.value = [...blocks.children].map((panel) => panel.dataset.key).join(",");
        show(open);
    };
    const move = (key, by) => {
        const panel = blocks?.querySelector(`[data-key="${key}"]`);
        const beside = by < 0 ? panel?.previousElementSibling : panel?.nextElementSibling;
        if (!panel || !beside || !may || fixed) return;
        by < 0 ? beside.before(panel) : beside.after(panel);
        outline();
        show(key, true);
        touched();
    };
    list.addEventListener("click", (event) => {
        const button = event.target.closest("button[data-code]");
        if (button) show(button.dataset.code);
    });
    list.addEventListener("keydown", (event) => {
        const button = event.target.closest("button[data-code]");
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!button || !by) return;
        event.preventDefault();
        if (event.altKey) return move(button.dataset.code, by);
        const all = [...list.querySelectorAll("button[data-code]")];
        const next = all[all.indexOf(button) + by];
        if (next) show(next.dataset.code, true);
    });
    let dragged = null;
    list.addEventListener("dragstart", (event) => { dragged = event.target.closest("li[data-key]"); event.dataTransfer.effectAllowed = "move"; });
    list.addEventListener("dragover", (event) => {
        const over = event.target.closest("li[data-key]");
        if (dragged && over) event.preventDefault();
    });
    list.addEventListener("drop", (event) => {
        const over = event.target.closest("li[data-key]");
        if (!dragged || !over || over === dragged) return;
        event.preventDefault();
        const panel = blocks.querySelector(`[data-key="${dragged.dataset.key}"]`), other = blocks.querySelector(`[data-key="${over.dataset.key}"]`);
        const isLower = event.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
        isLower ? other.after(panel) : other.before(panel);
        outline();
        touched();
    });

    // --- blocks come, go and move ---
    const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(6)), (each) => (each % 36).toString(36)).join("");
    desk.addEventListener("click", async (event) => {
        const kind = event.target.closest("[data-add-kind]")?.dataset.addKind;
        if (kind) {
            desk.querySelector("[data-add]").open = false;
            const key = newKey();
            const answer = await fetch(`${say.block}?kind=${encodeURIComponent(kind)}&key=${key}`, { redirect: "error" }).catch(() => null);
            if (!answer?.ok) return band(say.lost);
            const holder = document.createElement("div");
            holder.innerHTML = await answer.text();
            const panel = holder.firstElementChild;
            const after = blocks.querySelector(`[data-key="${open}"]`);
            after ? after.after(panel) : blocks.append(panel);
            panel.dispatchEvent(new CustomEvent("formset:added", { bubbles: true }));
            outline();
            show(key);
            panel.querySelector("input:not([type=hidden]), button[data-choose], textarea, select")?.focus();
            return touched();
        }
        const panel = event.target.closest("[data-panel=block]");
        const by = event.target.closest("[data-move]")?.dataset.move;
        if (panel && by) return move(panel.dataset.key, +by);
        if (panel && event.target.closest("[data-drop-block]") && confirm(say.drop)) {
            const next = panel.nextElementSibling || panel.previousElementSibling;
            panel.remove();
            open = next?.dataset.key || "head";
            outline();
            touched();
        }
    });

    // --- chosen from the library (chooser.js) ---
    desk.addEventListener("asset:chosen", () => { outline(); touched(); });

    // --- saved as one types ---
    const line = desk.querySelector("[data-saved]");
    const WAIT = 1500, HOLD = 30_000;
    let known = "", running = false, later = 0, stopped = false, leaving = false;
    const state = () => JSON.stringify([...new FormData(form)].filter(([name]) => name !== "seen_at" && name !== "csrfmiddlewaretoken"));
    const touched = () => { clearTimeout(later); later = setTimeout(save, WAIT); };
    const post = (address, body) => {
        body.set("csrfmiddlewaretoken", token());
        return fetch(address, { method: "POST", body, redirect: "error", headers: { Accept: "application/json" } });
    };
    const mark = (wrong) => {
        form.querySelectorAll(".ct-wrong").forEach((each) => each.remove());
        wrong.forEach(({ place: name, said }) => {
            const field = form.querySelector(`[name="${CSS.escape(name)}"], [name="${CSS.escape(name)}_0"]`);
            field?.closest(`.field-${CSS.escape(name)}, .ct-field`)?.append(element("p", { className: "ct-wrong", textContent: said }));
        });
    };
    // A block that came or went has parts that branches may change, or had.
    const openable = (parts) => {
        const holder = form.querySelector("#id_open_parts");
        const boxes = [...(holder?.querySelectorAll("input") || [])];
        if (!holder || boxes.map((box) => box.value).join() === parts.map(({ part }) => part).join()) return;
        const open = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
        const row = holder.firstElementChild;
        holder.replaceChildren(...parts.map(({ part, name }, at) => {
            const box = Object.assign((row?.querySelector("input") || document.createElement("input")).cloneNode(), { type: "checkbox", name: "open_parts", value: part, id: `id_open_parts_${at}`, checked: open.has(part) });
            const label = element("label", { htmlFor: box.id }, box, ` ${name}`);
            return element("div", {}, label);
        }));
    };
    const save = async () => {
        if (!say.save || !may || stopped || running) return running && touched();
        const now = state();
        if (now === known) return;
        running = true;
        line.textContent = say.saving;
        try {
            const answer = await post(say.save, new FormData(form));
            const told = await answer.json();
            if (answer.ok) {
                known = now;
                form.querySelector("[name=seen_at]").value = told.seen_at;
                mark(told.wrong);
                openable(told.parts);
                line.textContent = told.wrong.length ? say.wrong : say.savedWords.replace("{time}", told.saved_at);
                line.className = told.wrong.length ? "ct-saved ct-bad" : "ct-saved";
                band("");
                outline();
            } else if (answer.status === 409) {
                conflict(told);
            } else {
                line.textContent = told.said || say.unsaved;
                line.className = "ct-saved ct-bad";
                known = now; // Sent again when something else is typed.
            }
        } catch {
            // The line is down, or the session is over: what was typed stays on the page.
            line.textContent = say.unsaved;
            band(say.lost);
            later = setTimeout(save, 10_000);
        }
        running = false;
        if (state() !== now && !stopped) touched();
    };

    // --- who else has it ---
    const bar = desk.querySelector("[data-band]");
    const band = (words, ...acts) => {
        bar.hidden = !words;
        bar.replaceChildren(element("p", { textContent: words }), ...acts);
    };
    const button = (words, act) => Object.assign(element("button", { type: "button", className: "ct-button", textContent: words }), { onclick: act });
    const conflict = (told) => {
        stopped = true;
        line.textContent = say.unsaved;
        line.className = "ct-saved ct-bad";
        if (told.code === "content.item.is_being_edited") {
            const why = element("input", { className: "ct-input", maxLength: 500, placeholder: say.why });
            why.setAttribute("aria-label", say.why);
            band(told.said, why, button(say.over, async () => {
                const body = new FormData();
                body.set("act", "take_over");
                body.set("words", why.value);
                const answer = await post(say.hold, body).catch(() => null);
                if (answer?.ok) return location.reload();
                const said = await answer?.json().catch(() => null);
                band(said?.said || say.lost, why, ...bar.querySelectorAll("button"));
            }));
            return;
        }
        const look = element("a", { className: "ct-button", textContent: say.look, href: desk.querySelector("[data-preview]").dataset.theirs || say.save.replace(/save\/$/, "preview/"), target: "_blank" });
        band(told.said, look, button(say.theirs, () => { leaving = true; location.reload(); }), button(say.mine, () => {
            form.querySelector("[name=seen_at]").value = told.seen_at;
            stopped = false;
            known = "";
            band("");
            save();
        }));
    };
    const hold = async () => {
        if (!say.hold || !may || document.hidden) return;
        try {
            const answer = await post(say.hold, new FormData());
            if (answer.status === 409) conflict(await answer.json());
            else if (answer.ok && stopped && !bar.querySelector("a")) { stopped = false; band(""); save(); }
        } catch { /* Away for a moment. */ }
    };

    // --- submit: what is missing is said first, each leading to its place ---
    const slot = document.querySelector("[data-missing-slot]");
    const check = async () => {
        await settled();
        const answer = await fetch(say.check, { redirect: "error" }).catch(() => null);
        if (!answer?.ok || !slot) return "";
        slot.innerHTML = await answer.text();
        return slot.querySelector("[data-missing]")?.dataset.stops || "";
    };
    const settled = async () => {
        clearTimeout(later);
        await save();
        while (running) await new Promise((done) => setTimeout(done, 100));
    };
    document.querySelector("[data-check-now]")?.addEventListener("click", check);
    document.querySelector("[data-submit-draft]")?.addEventListener("submit", async (event) => {
        if (!say.check) return;
        event.preventDefault();
        const draft = event.target;
        if (await check()) return slot.scrollIntoView({ block: "nearest" });
        if (!stopped) draft.submit();
    });

    // A finding leads to its panel, its field, and the words in it.
    const jump = (link) => {
        const name = link.dataset.jump;
        const field = form.querySelector(`[name="${CSS.escape(name)}"], [name="${CSS.escape(name)}_0"]`);
        const panel = field?.closest("[data-panel]");
        if (name === "blocks_order") { desk.querySelector("[data-add] summary")?.focus(); return true; }
        if (!field || !panel) return false;
        show(codeOf(panel));
        const row = field.closest(`.field-${CSS.escape(name)}, .ct-field`) || panel;
        const typed = [...row.querySelectorAll(".ProseMirror")].find((each) => each.isContentEditable) || (field.type === "radio" ? row.querySelector("input:checked") || field : field.type === "hidden" ? row.querySelector("[data-choose]") : field);
        row.scrollIntoView({ block: "center" });
        typed?.focus({ preventScroll: true });
        const words = link.dataset.words;
        if (words && typed?.setSelectionRange && typed.type !== "datetime-local") {
            const at = typed.value.indexOf(words);
            if (at >= 0) typed.setSelectionRange(at, at + words.length);
        } else if (words && typed?.classList.contains("ProseMirror")) {
            const texts = document.createTreeWalker(typed, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                const at = texts.currentNode.data.indexOf(words);
                if (at >= 0) {
                    getSelection().setBaseAndExtent(texts.currentNode, at, texts.currentNode, at + words.length);
                    break;
                }
            }
        }
        return true;
    };
    document.addEventListener("click", (event) => {
        const link = event.target.closest("[data-jump]");
        if (link && jump(link)) event.preventDefault();
    });

    outline();
    const wrong = inOrder().find((panel) => panel.querySelector(".errorlist, .errors"));
    show(wrong ? codeOf(wrong) : "head");
    if (!say.save || !may) return;
    // The rich text writes into its field without an event, so the form is looked at instead: once somebody has touched
    // it, since editors also tidy up what they were given, and nobody's page may end a review by being opened.
    let isTouched = false, seen = "";
    ["keydown", "pointerdown", "input"].forEach((name) => desk.addEventListener(name, (event) => { isTouched ||= event.isTrusted; }, true));
    setInterval(() => {
        const now = state();
        if (!isTouched) known = now;
        else if (!document.hidden && !running && !stopped && now !== known && now === seen) { clearTimeout(later); save(); }
        seen = now; // Still typing: wait for the pause.
    }, 700);
    hold();
    setInterval(hold, HOLD);
    form.addEventListener("submit", () => { leaving = true; clearTimeout(later); stopped = true; });
    addEventListener("pagehide", () => {
        const body = new FormData();
        body.set("csrfmiddlewaretoken", token());
        body.set("act", "leave");
        navigator.sendBeacon(say.hold, body);
    });
    addEventListener("beforeunload", (event) => { if (!leaving && known && state() !== known) event.preventDefault(); });
})();
