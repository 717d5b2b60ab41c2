// Which view is seen: the part of the address after # says it, so that a reload comes back to it.
import {complain, get} from "/server.js";
import {Cram} from "/cram.js";

const views = {};
const makers = {
  cram: async info => new Cram(info),
  uncram: async info => new (await import("/uncram.js")).Uncram(info),
  play: async info => new (await import("/play.js")).Play(info),
  results: async info => new (await import("/results.js")).Results(info),
};

const info = get("/api/info");
let current;

async function show() {
  const [, name, ...rest] = location.hash.split("/");
  const view = makers[name] ? name : "cram";
  complain(null);
  for (const section of document.querySelectorAll(".view")) section.hidden = section.id !== view;
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    if (current && current !== view) (await views[current])?.leave?.();
    current = view;
    views[view] ??= makers[view](await info);
    const made = await views[view];
    document.getElementById(view).removeAttribute("aria-busy");
    document.getElementById("main").inert = false;
    await made.enter(...rest);
  } catch (e) {
    complain(e);
  }
}

addEventListener("hashchange", show);
show();
