// The list on the left, tried on the text on the right while either is typed. Nothing is saved.
(() => {
    const pane = document.querySelector("[data-try]");
    if (!pane) return;
    const lines = document.getElementById("id_text");
    const sample = pane.querySelector("textarea");
    const result = pane.querySelector("[data-try-result]");
    const token = pane.querySelector("[name=csrfmiddlewaretoken]").value;
    const kept = lines ? null : document.querySelector(".field-text .readonly");
    let running = null, waiting = 0;

    const ask = async () => {
        running?.abort();
        running = new AbortController();
        const asked = new FormData();
        asked.set("csrfmiddlewaretoken", token);
        asked.set("text", lines ? lines.value : kept?.innerText || "");
        asked.set("sample", sample.value);
        try {
            const answer = await fetch(pane.dataset.try, { method: "POST", body: asked, signal: running.signal });
            if (answer.ok) result.innerHTML = await answer.text();
        } catch (error) {
            if (error.name !== "AbortError") throw error;
        }
    };
    const soon = () => {
        clearTimeout(waiting);
        waiting = setTimeout(ask, 350);
    };
    lines?.addEventListener("input", soon);
    sample.addEventListener("input", soon);
    ask();
})();
