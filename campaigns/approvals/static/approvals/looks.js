// Who else has this review open: said and heard every 15 seconds while the page is in view. It keeps no session alive.
(() => {
    const line = document.querySelector("[data-looks]");
    if (!line) return;
    const EVERY = 15_000;
    let timer = 0;

    async function look() {
        clearTimeout(timer);
        if (document.hidden) return;
        try {
            const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
            const answer = await fetch(line.dataset.looks, {
                method: "POST", redirect: "error", headers: { Accept: "application/json", "X-CSRFToken": token },
            });
            if (!answer.ok) return; // The session is over, or the review is out of reach: the next click says so.
            const { looking } = await answer.json();
            line.textContent = line.dataset.words.replace("{names}", looking.join("、"));
            line.hidden = !looking.length;
        } catch { /* Away for a moment. */ }
        timer = setTimeout(look, EVERY);
    }

    document.addEventListener("visibilitychange", look);
    look();
})();
