// Figures within folds are loaded after the rest: a print does not wait for them.
addEventListener("load", () => {
  for (const image of document.querySelectorAll("img[loading=lazy]")) image.loading = "eager";
});

// To print: open what is folded, except lists that manifest.json has; then fold it again.
const folded = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open], .long)")) {
    details.open = true;
    folded.push(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of folded.splice(0)) details.open = false;
});
