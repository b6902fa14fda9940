// The organisation file: drop it, judge again at a tick, and watch the worker.
addEventListener("DOMContentLoaded", () => {
    // A second click would load or apply once more, and be refused in words that nobody expects.
    for (const form of document.querySelectorAll(".of form[method=post]")) {
        const buttons = [...form.querySelectorAll("button[type=submit]:not([disabled])")];
        const all = (is) => buttons.forEach((button) => { button.disabled = is; });
        form.addEventListener("submit", (event) => setTimeout(() => all(!event.defaultPrevented)));
        addEventListener("pageshow", () => all(false)); // come back to by the browser's button
    }

    const drop = document.querySelector("[data-of-drop]");
    if (drop) {
        const input = drop.querySelector("input[type=file]");
        input.hasChangeListener = true; // or the theme looks for a text field beside it, and trips
        addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("is-over"); });
        addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("is-over"); });
        addEventListener("drop", (event) => {
            event.preventDefault();
            drop.classList.remove("is-over");
            if (!event.dataTransfer.files.length) return;
            input.files = event.dataTransfer.files;
            input.dispatchEvent(new Event("change"));
            // Whoever may name a source first is given the time to.
            const go = drop.querySelector("button[type=submit]");
            if (drop.querySelector("[name=source]")) go.focus();
            else drop.requestSubmit();
        });
    }

    const missing = document.querySelector("[data-of-missing]");
    if (missing) {
        missing.querySelector("button").hidden = true;
        missing.addEventListener("change", () => missing.submit());
    }

    const run = document.querySelector("[data-of-run]");
    if (run) {
        const look = async () => {
            try {
                const answer = await fetch(run.dataset.ofRun, { headers: { Accept: "application/json" } });
                const told = await answer.json();
                if (told.is_over) return location.reload();
                const bar = run.querySelector("[data-of-bar]");
                bar.max = told.total || 1;
                // A bar without a value says "at work": one long step has no parts to count.
                if (told.done || bar.hasAttribute("value")) bar.value = told.done;
                run.querySelector("[data-of-step]").textContent = told.step_words;
                run.querySelector("[data-of-count]").textContent = `${told.done.toLocaleString()} / ${told.total.toLocaleString()}`;
            } catch { /* the next look may answer */ }
            setTimeout(look, 1000);
        };
        setTimeout(look, 700);
    }
});
