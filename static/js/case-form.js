/* The form of a new case: where the phone stands, if it is asked. */

const button = document.getElementById("n-here");
const said = document.getElementById("n-here-said");

if (button && navigator.geolocation) {
  button.hidden = false;
  button.addEventListener("click", () => {
    said.textContent = said.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        document.getElementById("n-lon").value = coords.longitude.toFixed(6);
        document.getElementById("n-lat").value = coords.latitude.toFixed(6);
        said.textContent = said.dataset.found.replace("%s", Math.round(coords.accuracy));
      },
      () => { said.textContent = said.dataset.refused; },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 0 },
    );
  });
}
