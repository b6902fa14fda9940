// The review page by keyboard. Words come first where they are needed: S, R and C begin an act, the words are written,
// Ctrl+Enter does it. Letters are keys only where nothing is being typed.
(() => {
    const page = document.querySelector("[data-review]");
    if (!page) return;
    const form = page.querySelector("[data-review-form]");
    const words = form.querySelector("[data-words]");
    const hint = form.querySelector("[data-hint]");
    const more = form.querySelector("[data-more]");
    const menu = form.querySelector("[data-menu]");
    let begun = null; // the button whose act was begun, and waits for words

    const say = (text) => { hint.textContent = text; hint.hidden = !text; };

    // --- acts that need words ---
    function begin(button) {
        form.querySelectorAll(".is-begun").forEach((other) => other.classList.remove("is-begun"));
        begun = button;
        if (button) button.classList.add("is-begun");
        say(button ? form.dataset.thenEnter.replace("{act}", button.firstChild.textContent.trim()) : "");
    }

    form.addEventListener("submit", (event) => {
        const button = event.submitter;
        if (button && "needsWords" in button.dataset && !words.value.trim()) {
            event.preventDefault();
            closeMenu();
            begin(button);
            words.focus();
            return;
        }
        const left = document.querySelector("[name=acknowledged]:not(:checked)");
        if (button && button.value === "approve" && left) {
            event.preventDefault();
            left.scrollIntoView({ block: "center" });
            left.focus({ preventScroll: true });
            return;
        }
        // After this event, or the button's own name and value would not be sent.
        setTimeout(() => form.querySelectorAll("button").forEach((b) => (b.disabled = true)));
    });
    // Back from the next page: the browser shows this one as it was left.
    addEventListener("pageshow", () => form.querySelectorAll("button").forEach((b) => (b.disabled = false)));

    words.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
            event.preventDefault();
            const button = begun || form.querySelector("[value=approve]") || form.querySelector("[value=comment]");
            if (button && !button.disabled) form.requestSubmit(button);
        } else if (event.key === "Escape" && !event.isComposing) {
            begin(null);
            words.blur();
        }
    });

    // --- the menu ---
    const items = () => [...menu.querySelectorAll("[role=menuitem]")];
    function openMenu() {
        menu.hidden = false;
        more.setAttribute("aria-expanded", "true");
        items()[0].focus();
    }
    function closeMenu() {
        if (menu.hidden) return;
        menu.hidden = true;
        more.setAttribute("aria-expanded", "false");
    }
    more.addEventListener("click", () => (menu.hidden ? openMenu() : closeMenu()));
    menu.addEventListener("keydown", (event) => {
        const all = items(), at = all.indexOf(document.activeElement);
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
        if (event.key === "Escape") {
            closeMenu();
            more.focus();
        } else if (to !== undefined) {
            event.preventDefault();
            all[(to + all.length) % all.length].focus();
        }
    });
    document.addEventListener("click", (event) => { if (!event.target.closest(".ap-more")) closeMenu(); });

    // --- windows ---
    const dialogs = Object.fromEntries([...page.querySelectorAll("[data-dialog]")].map((d) => [d.dataset.dialog, d]));
    function open(name) {
        closeMenu();
        const dialog = dialogs[name];
        if (!dialog) return;
        dialog.showModal();
        dialog.dispatchEvent(new CustomEvent("opened"));
    }
    for (const dialog of Object.values(dialogs)) {
        dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
        dialog.addEventListener("keydown", (event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) dialog.querySelector("form")?.requestSubmit();
        });
        if ("reopen" in dialog.dataset) open(dialog.dataset.dialog);
    }
    menu.addEventListener("click", (event) => {
        const button = event.target.closest("[data-opens]");
        if (button) open(button.dataset.opens);
    });

    // --- keys ---
    document.addEventListener("keydown", (event) => {
        if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        const key = event.key.toLowerCase();
        if (event.key === "?") return open("keys");
        if (key in { j: 1, k: 1 }) {
            const away = key === "j" ? page.dataset.next : page.dataset.previous;
            if (words.value.trim()) {
                say(form.dataset.unsent);
                words.focus();
            } else if (away) {
                location.assign(away);
            } else {
                say(key === "j" ? form.dataset.last : form.dataset.first);
            }
            return;
        }
        const button = form.querySelector(`[data-key="${key}"]`);
        if (!button || button.disabled) return;
        event.preventDefault();
        button.dataset.opens ? open(button.dataset.opens) : button.click();
    });

    // A refusal is read where it stands, and writing goes on where it stopped.
    const refused = form.querySelector("[data-refused]");
    if (refused) words.focus();

    // --- which phone, where there is room for one ---
    const row = page.querySelector("[data-phones-row]");
    page.querySelectorAll("[data-phone]").forEach((button) => button.addEventListener("click", () => {
        row.querySelector(`[data-phone-of=${button.dataset.phone}]`).scrollIntoView({ block: "nearest", inline: "start" });
    }));
    if (row && row.children.length > 1) {
        row.addEventListener("scroll", () => {
            const shown = row.scrollLeft > row.clientWidth / 2 ? "live" : "new";
            page.querySelectorAll("[data-phone]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.phone === shown));
        }, { passive: true });
    }
})();
