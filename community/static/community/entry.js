// The position goes into the body of one request, and nowhere else.
const form = document.getElementById("near");
form.addEventListener("submit", (event) => {
    event.preventDefault();
    const no = () => { document.getElementById("why").textContent = form.dataset.denied; };
    if (!navigator.geolocation) { no(); return; }
    navigator.geolocation.getCurrentPosition((found) => {
        form.elements.latitude.value = found.coords.latitude;
        form.elements.longitude.value = found.coords.longitude;
        form.submit();
    }, no, { enableHighAccuracy: false, timeout: 10000, maximumAge: 60000 });
});
