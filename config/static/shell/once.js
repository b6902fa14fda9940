/* What is shown once: copied or printed by a button. */
document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-print]");
    if (!button) return;
    if (button.hasAttribute("data-print")) {
        window.print();
        return;
    }
    const text = document.querySelector(button.dataset.copy).innerText.trim();
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        // Without HTTPS a browser has no clipboard for pages: the old way.
        const field = document.createElement("textarea");
        field.value = text;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
        button.focus();
    }
    button.querySelector("[data-said]").textContent = button.dataset.copied;
});
