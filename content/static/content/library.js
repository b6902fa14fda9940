// The wall: files dropped anywhere are sent one by one, each with its progress and its verdict; a click opens the panel.
(() => {
    const drops = () => {
        const form = document.querySelector("[data-drop]");
        if (!form) return;
        const list = form.querySelector("[data-verdicts]");
        const input = form.querySelector("input[type=file]");
        const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
        const linked = (to, words) => {
            const link = document.createElement("a");
            link.href = to;
            link.textContent = words;
            return link;
        };

        const send = (file) => new Promise((done) => {
            const row = list.appendChild(document.createElement("li"));
            const name = row.appendChild(document.createElement("span"));
            name.textContent = file.name;
            const bar = row.appendChild(document.createElement("progress"));
            bar.max = 1;
            const say = (how, ...words) => {
                bar.remove();
                row.className = how;
                row.append(...words);
                done(how);
            };
            const body = new FormData();
            body.set("files", file);
            body.set("folder", form.elements.folder ? form.elements.folder.value : "");
            const request = new XMLHttpRequest();
            request.open("POST", form.action);
            request.setRequestHeader("Accept", "application/json");
            request.setRequestHeader("X-CSRFToken", token);
            request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
            // Sent, and now looked at: a bar without an end.
            request.upload.onload = () => bar.removeAttribute("value");
            request.onerror = () => say("is-refused", form.dataset.failed);
            request.onload = () => {
                let verdict = null;
                try { [verdict] = JSON.parse(request.responseText).verdicts; } catch { /* the server answered with a page */ }
                if (!verdict) return say("is-refused", form.dataset.failed);
                if (!verdict.taken) return say("is-refused", verdict.url ? linked(verdict.url, verdict.words) : verdict.words);
                if (verdict.thumb) {
                    const picture = document.createElement("img");
                    picture.src = verdict.thumb;
                    picture.alt = "";
                    row.prepend(picture);
                }
                const words = [linked(verdict.url, verdict.words)];
                if (verdict.alike.length) {
                    const alike = document.createElement("span");
                    alike.className = "ct-soon";
                    alike.append(`${verdict.alike_words} `);
                    verdict.alike.forEach((one) => alike.append(linked(one.url, one.name), " "));
                    words.push(alike);
                }
                say(verdict.alike.length ? "is-alike" : "is-taken", ...words);
            };
            request.send(body);
        });

        const sendAll = async (files) => {
            const how = [];
            for (const file of files) how.push(await send(file));
            if (!how.length) return;
            // With a refusal or a likeness the page stays, so that its words can be read.
            if (how.every((one) => one === "is-taken")) location.reload();
            else if (how.some((one) => one !== "is-refused")) list.appendChild(document.createElement("li")).append(linked(location.href, form.dataset.done));
        };
        form.addEventListener("submit", (event) => { event.preventDefault(); sendAll([...input.files]); input.value = ""; });
        input.addEventListener("change", () => { sendAll([...input.files]); input.value = ""; });
        addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("is-over"); });
        addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("is-over"); });
        addEventListener("drop", (event) => { event.preventDefault(); form.classList.remove("is-over"); sendAll([...event.dataTransfer.files]); });
    };

    const panel = () => {
        const aside = document.querySelector("[data-panel]");
        const wide = matchMedia("(min-width: 1100px)");
        if (!aside) return;
        const inside = aside.querySelector("[data-inside]");
        let opened = null;
        const close = () => {
            aside.hidden = true;
            document.body.classList.remove("ct-panelled");
            if (opened) { opened.removeAttribute("aria-current"); opened.focus(); }
            opened = null;
        };
        document.addEventListener("click", async (event) => {
            const link = event.target.closest("[data-panel-of]");
            if (!link || !wide.matches || event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            const answer = await fetch(link.dataset.panelOf, { credentials: "same-origin" });
            if (!answer.ok || answer.redirected) { location.href = link.href; return; }
            if (opened) opened.removeAttribute("aria-current");
            opened = link;
            link.setAttribute("aria-current", "true");
            inside.innerHTML = await answer.text();
            aside.hidden = false;
            document.body.classList.add("ct-panelled");
            if (window.fenhangFocal) window.fenhangFocal(inside);
            aside.querySelector("[data-close]").focus();
        });
        aside.querySelector("[data-close]").addEventListener("click", close);
        aside.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    };

    const forms = () => {
        document.querySelectorAll("[data-go]").forEach((select) => select.addEventListener("change", () => select.form.submit()));
        const values = document.querySelector("[data-values]");
        if (!values) return;
        const fit = () => values.querySelectorAll("[data-for]").forEach((label) => {
            const isIt = label.dataset.for === values.elements.kind.value;
            label.hidden = !isIt;
            label.querySelectorAll("input, textarea").forEach((field) => { field.disabled = !isIt; field.required = isIt; });
        });
        values.addEventListener("change", fit);
        fit();
    };
    drops();
    panel();
    forms();
})();
