// The phone beside the form follows what is typed. Nothing is saved.
(() => {
    const pane = document.querySelector("[data-preview]");
    if (!pane) return;
    const frame = pane.querySelector("iframe");
    const form = document.getElementById("item_form");
    const FRAME = 316; // px inside the drawn phone

    const phone = frame.parentElement;
    let wide = 375;
    // As high as there is room for above the bar with the buttons, which lies over the page's foot.
    const size = () => {
        const bar = [...document.querySelectorAll("#submit-row, .submit-row, [data-save-bar]")].find((each) => each.offsetHeight);
        const foot = bar ? Math.min(bar.getBoundingClientRect().top, innerHeight) : innerHeight;
        const beside = getComputedStyle(pane).position === "sticky";
        const room = beside ? foot - phone.getBoundingClientRect().top - 12 : 640;
        phone.style.height = `${Math.max(360, Math.min(640, room))}px`;
        frame.style.height = `${Math.ceil(phone.clientHeight / (FRAME / wide))}px`;
    };
    const fit = (width) => {
        wide = width;
        frame.style.width = `${width}px`;
        frame.style.transform = `scale(${FRAME / width})`;
        size();
        pane.querySelectorAll("[data-width]").forEach((b) => b.setAttribute("aria-pressed", String(+b.dataset.width === width)));
    };
    pane.addEventListener("click", (event) => {
        const button = event.target.closest("[data-width]");
        if (button) fit(+button.dataset.width);
    });
    fit(375);
    addEventListener("resize", size);
    // Whatever part of the page it is that scrolls.
    addEventListener("scroll", () => requestAnimationFrame(size), { capture: true, passive: true });

    if (pane.dataset.saved) {
        frame.src = pane.dataset.saved;
        return;
    }
    let shown = "", running = null;
    const draw = async () => {
        const asked = new FormData(form);
        pane.querySelectorAll("[data-asif]").forEach((field) => asked.set(field.dataset.asif, field.value));
        const state = JSON.stringify([...asked]);
        if (state === shown) return;
        shown = state;
        running?.abort();
        running = new AbortController();
        try {
            const answer = await fetch(pane.dataset.preview, { method: "POST", body: asked, signal: running.signal });
            if (!answer.ok) return;
            const top = frame.contentWindow?.scrollY || 0;
            frame.srcdoc = await answer.text();
            frame.onload = () => frame.contentWindow.scrollTo(0, top);
        } catch (error) {
            if (error.name !== "AbortError") shown = "";
        }
    };
    draw();
    // The editor writes into its textarea without an event, so the form is looked at instead.
    setInterval(() => { if (!document.hidden) draw(); }, 600);
})();
