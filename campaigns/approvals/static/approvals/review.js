// The review page by keyboard: J and K go through the queue, A approves, S sends back, R rejects.
(() => {
    const page = document.querySelector("[data-review]");
    if (!page) return;
    const form = page.querySelector("[data-review-form]");
    const words = form.querySelector("textarea[name=comment]");

    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
        if (event.key === "Escape" && typing) event.target.blur();
        if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        const key = event.key.toLowerCase();
        const away = { j: page.dataset.next, k: page.dataset.previous }[key];
        if (away) {
            location.assign(away);
            return;
        }
        const button = form.querySelector(`[data-key="${key}"]`);
        if (button) {
            event.preventDefault();
            button.click();
        }
    });

    form.addEventListener("submit", (event) => {
        const button = event.submitter;
        if (button && "needsWords" in button.dataset && !words.value.trim()) {
            event.preventDefault();
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
})();
