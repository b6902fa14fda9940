// The inbox by keyboard: J and K go through the lines, Enter opens one, M marks it as read.
(() => {
    const lines = [...document.querySelectorAll("[data-inbox] [data-line]")];
    let at = -1;

    const go = (to) => {
        if (!lines[to]) return;
        lines[at]?.classList.remove("is-marked");
        at = to;
        lines[at].classList.add("is-marked");
        lines[at].focus({ preventScroll: true });
        lines[at].scrollIntoView({ block: "nearest" });
    };

    document.addEventListener("keydown", (event) => {
        if (event.target.closest("input, textarea, select, button, a")) return;
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        const key = event.key.toLowerCase();
        if (key === "j") go(at + 1);
        else if (key === "k") go(at - 1);
        else if (key === "enter" && at >= 0) lines[at].querySelector("[data-open]")?.click();
        else if (key === "m" && at >= 0) lines[at].querySelector("[data-mark]")?.click();
    });
})();
