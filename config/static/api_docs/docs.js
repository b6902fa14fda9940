"use strict";

SwaggerUIBundle({
  url: document.getElementById("reader").dataset.schema,
  dom_id: "#reader",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // The default one is a server outside.
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
