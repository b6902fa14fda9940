// Long jobs: each button is sent once; what goes on is looked at until it is over.
addEventListener("DOMContentLoaded", () => {
    const buttons = (form) => form.querySelectorAll("button");
    document.querySelectorAll("form[data-lj-once]").forEach((form) =>
        form.addEventListener("submit", () => setTimeout(() => buttons(form).forEach((b) => (b.disabled = true)))));
    addEventListener("pageshow", () =>
        document.querySelectorAll("form[data-lj-once]").forEach((form) => buttons(form).forEach((b) => (b.disabled = false))));

    const place = document.querySelector("[data-lj-looks]");
    const shown = () => [...document.querySelectorAll("[data-lj]")];
    if (!place || !shown().length) return;

    const show = (part, told) => {
        const bar = part.querySelector("[data-lj-bar]");
        if (bar) [bar.max, bar.value] = [told.total || 1, told.done];
        const words = { ...told, state: told.state_words, total: told.total || "–" };
        for (const name of ["state", "doing", "done", "total", "went", "refused", "left", "pace", "time_left"]) {
            const at = part.querySelector(`[data-lj-${name}]`);
            if (at && at.textContent !== String(words[name])) at.textContent = words[name];
        }
        if (told.goes_on) return;
        part.removeAttribute("data-lj");
        // Its page has other buttons then, refusals and log lines.
        if (part.hasAttribute("data-lj-page")) location.reload();
    };
    const look = async () => {
        if (!document.hidden) {
            try {
                const asked = new URLSearchParams([...new Set(shown().map((part) => part.dataset.lj))].map((id) => ["job", id]));
                const answer = await fetch(`${place.dataset.ljLooks}?${asked}`, { headers: { Accept: "application/json" } });
                const { jobs } = await answer.json();
                for (const told of jobs) shown().filter((part) => part.dataset.lj === told.id).forEach((part) => show(part, told));
            } catch { /* the next look may answer */ }
        }
        if (shown().length) setTimeout(look, 2000);
    };
    setTimeout(look, 1000);
});
