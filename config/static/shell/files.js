/* Browsers name the button of a file field in their own language, not in the page's. The field itself stays where it
   is, unseen but reached by keyboard, screen reader, click and drop; what is seen in its place has the page's words. */
(() => {
    let made = 0;
    const dress = (input, words) => {
        if (input.closest(".fh-file")) return;
        input.hasChangeListener = true; // or the theme looks for a text field beside it, and trips
        // Names of their own: pages say how a span within a label looks.
        const [frame, face, button, said] = ["fh-file", "fh-face", "fh-choose", "fh-said"].map((name) => document.createElement(name));
        frame.className = "fh-file";
        face.className = "fh-file-face";
        face.setAttribute("aria-hidden", "true");
        button.className = "fh-file-button";
        button.textContent = input.multiple ? words.several : words.one;
        said.id = `fh-file-${++made}`;
        const tell = () => {
            const files = [...input.files];
            said.textContent = files.length > 1 ? words.many.replace("{count}", files.length) : files[0]?.name || words.none;
            face.classList.toggle("is-filled", files.length > 0);
        };
        face.append(button, said);
        input.before(frame);
        frame.append(input, face);
        const before = input.getAttribute("aria-describedby");
        input.setAttribute("aria-describedby", before ? `${before} ${said.id}` : said.id);
        input.addEventListener("change", () => setTimeout(tell)); // who sends at once empties it
        input.form?.addEventListener("reset", () => setTimeout(tell));
        tell();
    };
    addEventListener("DOMContentLoaded", () => {
        const words = document.querySelector("[data-file-words]")?.dataset;
        if (!words) return;
        const all = () => document.querySelectorAll("input[type=file]").forEach((input) => dress(input, words));
        all();
        new MutationObserver((changes) => { if (changes.some((change) => change.addedNodes.length)) all(); }).observe(document.body, { childList: true, subtree: true });
    });
})();
