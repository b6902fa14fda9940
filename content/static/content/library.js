// Pictures dropped anywhere are sent one by one, each with its progress and its verdict.
(() => {
    const form = document.querySelector("[data-drop]");
    if (!form) return;
    const list = form.querySelector("[data-verdicts]");
    const input = form.querySelector("input[type=file]");
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;

    const send = (file) => new Promise((done) => {
        const row = list.appendChild(document.createElement("li"));
        const name = row.appendChild(document.createElement("span"));
        name.textContent = file.name;
        const bar = row.appendChild(document.createElement("progress"));
        bar.max = 1;
        const say = (words, how) => {
            bar.remove();
            row.className = how;
            row.append(words);
            done(how === "is-taken");
        };
        const body = new FormData();
        body.set("files", file);
        const request = new XMLHttpRequest();
        request.open("POST", form.action);
        request.setRequestHeader("Accept", "application/json");
        request.setRequestHeader("X-CSRFToken", token);
        request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
        request.onerror = () => say(form.dataset.failed, "is-refused");
        request.onload = () => {
            let verdict = null;
            try { [verdict] = JSON.parse(request.responseText).verdicts; } catch { /* the server answered with a page */ }
            if (!verdict) return say(form.dataset.failed, "is-refused");
            if (verdict.taken) {
                const picture = document.createElement("img");
                picture.src = verdict.thumb;
                picture.alt = "";
                row.prepend(picture);
                const link = document.createElement("a");
                link.href = verdict.url;
                link.textContent = verdict.words;
                return say(link, "is-taken");
            }
            say(verdict.words, "is-refused");
        };
        request.send(body);
    });

    const sendAll = async (files) => {
        let refused = 0, taken = 0;
        for (const file of files) (await send(file)) ? taken++ : refused++;
        // With a refusal the page stays, so that its words can be read.
        if (taken && !refused) location.reload();
    };
    form.addEventListener("submit", (event) => { event.preventDefault(); sendAll([...input.files]); input.value = ""; });
    input.addEventListener("change", () => { sendAll([...input.files]); input.value = ""; });
    addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("is-over"); });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("is-over"); });
    addEventListener("drop", (event) => { event.preventDefault(); form.classList.remove("is-over"); sendAll([...event.dataTransfer.files]); });
})();
