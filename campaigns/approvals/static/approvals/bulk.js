// Approving many at once: sent once, and watched until it is over.
addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form[data-ab-once]").forEach((form) =>
        form.addEventListener("submit", () => setTimeout(() => form.querySelectorAll("button").forEach((b) => (b.disabled = true)))));
    addEventListener("pageshow", () => document.querySelectorAll("form[data-ab-once] button").forEach((b) => (b.disabled = false)));

    const run = document.querySelector("[data-ab-run]");
    if (!run) return;
    const put = (name, value) => (run.querySelector(`[data-ab-${name}]`).textContent = value);
    const look = async () => {
        try {
            const answer = await fetch(run.dataset.abRun, { headers: { Accept: "application/json" } });
            const told = await answer.json();
            if (told.is_over) return location.reload();
            run.querySelector("[data-ab-bar]").value = told.done;
            for (const name of ["done", "approved", "refused", "state"]) put(name, told[name]);
        } catch { /* the next look may answer */ }
        setTimeout(look, 2000);
    };
    setTimeout(look, 1000);
});
