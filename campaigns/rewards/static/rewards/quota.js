// The quota's figures, fresh while somebody looks: only texts of cells change, so that no open form or focus is lost.
const EVERY = 15000;

// What happened is said where one acted: the page comes back to the quota, and its messages stand far above.
const quota = document.getElementById("quota");
const told = document.querySelector("ul.flex.flex-col.gap-4.mb-6");
if (quota && told && location.hash.startsWith("#quota")) {
    told.setAttribute("role", "status");
    quota.prepend(told);
}

const tree = document.querySelector("[data-rw-live]");
if (tree) {
    const renew = async () => {
        if (document.hidden) return;
        try {
            const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
            if (!answer.ok || answer.redirected) return;
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
            for (const row of tree.querySelectorAll("tbody tr[id]")) {
                const other = fresh.getElementById(row.id);
                if (!other) continue;
                row.classList.toggle("rw-low", other.classList.contains("rw-low"));
                const cells = other.querySelectorAll("td.rw-num");
                row.querySelectorAll("td.rw-num").forEach((cell, nth) => {
                    if (cells[nth] && cell.textContent !== cells[nth].textContent) cell.textContent = cells[nth].textContent;
                });
            }
            const figures = fresh.querySelector(".rw-funnel"), shown = document.querySelector(".rw-funnel");
            if (figures && shown) shown.replaceWith(figures);
        } catch { /* the page is being left, or the network is away: the next turn tries again */ }
    };
    setInterval(renew, EVERY);
}
