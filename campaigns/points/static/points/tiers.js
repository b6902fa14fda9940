// The steps above the form of a scheme follow what is typed.
const picture = document.querySelector("#pt-steps"), cards = document.querySelector(".pt-tiers");

if (picture && cards) {
    const { points, off } = picture.dataset;
    const part = (card, name) => card.querySelector(`[name$="-${name}"]`).value.trim();
    const draw = () => {
        const typed = [...cards.querySelectorAll(".pt-tier")].filter((card) => part(card, "name") || part(card, "threshold"));
        picture.replaceChildren(...typed.map((card, nth) => {
            const step = document.createElement("li"), name = document.createElement("strong"), gives = document.createElement("span");
            step.className = `pt-h${nth + 1}`;
            name.textContent = part(card, "name") || "…";
            gives.textContent = [
                points.replace("{n}", Number(part(card, "threshold") || 0).toLocaleString()),
                Number(part(card, "multiplier") || 1) > 1 ? `×${part(card, "multiplier")}` : "",
                Number(part(card, "discount") || 0) > 0 ? off.replace("{n}", part(card, "discount")) : "",
                ...part(card, "perks").split("\n").map((line) => line.trim()),
            ].filter(Boolean).join(" · ");
            step.append(name, gives);
            return step;
        }));
    };
    cards.addEventListener("input", draw);
    draw();
}
