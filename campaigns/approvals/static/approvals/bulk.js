// Approving many at once: sent once.
addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form[data-ab-once]").forEach((form) =>
        form.addEventListener("submit", () => setTimeout(() => form.querySelectorAll("button").forEach((b) => (b.disabled = true)))));
    addEventListener("pageshow", () => document.querySelectorAll("form[data-ab-once] button").forEach((b) => (b.disabled = false)));
});
