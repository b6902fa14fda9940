// The focal point of a picture: dragged, clicked or moved by the arrow keys, with the crops it makes beside it.
(() => {
    const draw = (form, x, y) => {
        const point = form.querySelector("[data-point]");
        if (point) { point.style.left = `${x / 10}%`; point.style.top = `${y / 10}%`; }
        const wide = Number(form.dataset.width), high = Number(form.dataset.height);
        const section = form.closest("[data-asset]");
        // As the server cuts: the largest part of the proportion, as near to the point as the edges allow.
        section.querySelectorAll("[data-crop]").forEach((box) => {
            const [w, h] = box.dataset.crop.split("x").map(Number);
            const across = Math.min(wide, high * w / h), down = Math.min(high, wide * h / w);
            const left = Math.min(Math.max(x / 1000 * wide - across / 2, 0), wide - across);
            const top = Math.min(Math.max(y / 1000 * high - down / 2, 0), high - down);
            const picture = box.querySelector("img");
            picture.style.width = `${100 * wide / across}%`;
            picture.style.left = `${-100 * left / across}%`;
            picture.style.top = `${-100 * top / down}%`;
        });
    };

    const start = (form) => {
        if (form.dataset.started) return;
        form.dataset.started = "1";
        let x = Number(form.dataset.x), y = Number(form.dataset.y);
        const stage = form.querySelector("[data-stage]"), point = form.querySelector("[data-point]");
        const said = form.querySelector("[data-said]");
        draw(form, x, y);
        if (!point) return;
        const move = (toX, toY) => {
            x = Math.round(Math.min(Math.max(toX, 0), 1000));
            y = Math.round(Math.min(Math.max(toY, 0), 1000));
            form.elements.x.value = x;
            form.elements.y.value = y;
            draw(form, x, y);
        };
        const from = (event) => {
            const box = stage.getBoundingClientRect();
            move((event.clientX - box.left) / box.width * 1000, (event.clientY - box.top) / box.height * 1000);
        };
        const save = async () => {
            let words = form.dataset.failed;
            try {
                const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, credentials: "same-origin" });
                words = (await answer.json()).words;
            } catch { /* the words say so */ }
            said.textContent = words;
        };
        stage.addEventListener("pointerdown", (event) => {
            event.preventDefault();
            stage.setPointerCapture(event.pointerId);
            from(event);
            point.focus();
        });
        stage.addEventListener("pointermove", (event) => { if (stage.hasPointerCapture(event.pointerId)) from(event); });
        stage.addEventListener("pointerup", save);
        point.addEventListener("keydown", (event) => {
            const step = event.shiftKey ? 100 : 10;
            const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
            if (moves[event.key]) { event.preventDefault(); move(x + moves[event.key][0], y + moves[event.key][1]); }
            if (event.key === "Enter") { event.preventDefault(); save(); }
        });
        form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
    };
    window.fenhangFocal = (root) => root.querySelectorAll("[data-focal]").forEach(start);
    addEventListener("DOMContentLoaded", () => window.fenhangFocal(document));
    if (document.readyState !== "loading") window.fenhangFocal(document);
})();
