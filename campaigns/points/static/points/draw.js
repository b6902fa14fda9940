// The prizes of a draw: their odds are added up while one types, and what belongs to another kind is greyed.
for (const box of document.querySelectorAll(".pt-prizes")) {
    const sum = box.querySelector(".pt-sum");
    const own = { points: "points", batch: "coupon" };

    const settle = () => {
        let parts = 0;
        for (const row of box.querySelectorAll(".pt-prize")) {
            const field = (name) => row.querySelector(`[name$="-${name}"]`);
            const isUsed = field("title").value.trim() !== "";
            if (isUsed) parts += Math.round(Number(field("odds").value || 0) * 10000);
            for (const [name, kind] of Object.entries(own)) {
                // Not disabled: what is disabled is not sent, and the columns would no longer make rows.
                field(name).classList.toggle("pt-idle", field("kind").value !== kind);
            }
        }
        const percent = (of) => `${of / 10000}%`;
        const over = parts > 1000000;
        sum.classList.toggle("pt-over", over);
        sum.textContent = over
            ? `${percent(parts)} · ${box.dataset.over}`
            : `${percent(parts)} · ${box.dataset.whole} ${percent(1000000 - parts)}`;
    };

    box.addEventListener("input", settle);
    box.addEventListener("change", settle);
    settle();
}
