// The phone beside the form follows what is typed. Nothing is saved.
(() => {
    const pane = document.querySelector("[data-preview]");
    if (!pane) return;
    const frame = pane.querySelector("iframe");
    const form = document.getElementById("item_form");
    const FRAME = 316; // px inside the drawn phone

    const fit = (width) => {
        const scale = FRAME / width;
        frame.style.width = `${width}px`;
        frame.style.height = `${Math.ceil(624 / scale)}px`;
        frame.style.transform = `scale(${scale})`;
        pane.querySelectorAll("[data-width]").forEach((b) => b.setAttribute("aria-pressed", String(+b.dataset.width === width)));
    };
    pane.addEventListener("click", (event) => {
        const button = event.target.closest("[data-width]");
        if (button) fit(+button.dataset.width);
    });
    fit(375);

    if (pane.dataset.saved) {
        frame.src = pane.dataset.saved;
        return;
    }
    let shown = "", running = null;
    const draw = async () => {
        const typed = new FormData(form), asked = new FormData();
        for (const name of ["csrfmiddlewaretoken", "title", "summary", "body", "asset", "batch_id"]) asked.set(name, typed.get(name) || "");
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

// A finding of the compliance check leads to its field, and to the words in it.
(() => {
    const jump = (link) => {
        const field = document.querySelector(`#item_form [name="${link.dataset.jump}"]`);
        const row = field?.closest(`.field-${link.dataset.jump}`);
        if (!field || !row) return false;
        const typed = [...row.querySelectorAll(".ProseMirror")].find((each) => each.isContentEditable) || (field.type === "radio" ? row.querySelector("input:checked") || field : field);
        row.scrollIntoView({ block: "center" });
        typed.focus({ preventScroll: true });
        const words = link.dataset.words;
        if (words && typed.setSelectionRange) {
            const at = typed.value.indexOf(words);
            if (at >= 0) typed.setSelectionRange(at, at + words.length);
        } else if (words && typed.classList.contains("ProseMirror")) {
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
})();
