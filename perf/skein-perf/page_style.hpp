// SPDX-License-Identifier: Apache-2.0
// page_style.hpp: how the page of html.cpp looks, light and dark.
#pragma once

#include <string_view>

namespace perf {

// It stands in an XML document: no `<`, no `&`.
inline constexpr std::string_view page_style = R"css(
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #fff; --ink: #1d1f23; --soft: #6b7079; --line: #e4e2dd;
  --own: #0b7a75; --peer: #a9b0bb; --range: #1d1f23aa;
  --good: #dcf1e6; --good-ink: #0d5f3a; --bad: #fbe1dc; --bad-ink: #97301c; --even: #efeeea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171b; --card: #1d2026; --ink: #e8e9ec; --soft: #979da8; --line: #30343c;
    --own: #35b8b0; --peer: #565d69; --range: #ffffffaa;
    --good: #143a2a; --good-ink: #8fe0b6; --bad: #47221b; --bad-ink: #f5a996; --even: #2a2d34;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.9rem; margin: 0; letter-spacing: -.02em; }
h2 { font-size: 1.1rem; margin: 0 0 .25rem; }
header p, section p { margin: 0 0 .8rem; color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1.1rem 1.25rem; margin-top: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 500; font-size: .85em; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 600; }
.ratios { border-collapse: separate; border-spacing: 3px; }
.ratios td { border-radius: 6px; min-width: 4.5rem; }
.ratios b { display: block; }
.ratios small { color: inherit; opacity: .75; }
.good { background: var(--good); color: var(--good-ink); }
.bad { background: var(--bad); color: var(--bad-ink); }
.even { background: var(--even); }
.none { color: var(--soft); }
.bars .wide { width: 45%; min-width: 12rem; text-align: left; }
.bars .more { text-align: left; color: var(--soft); font-size: .85em; white-space: normal; }
.bars th.more, .bars thead th:last-child { text-align: left; }
.track { position: relative; height: 1rem; background: var(--even); border-radius: 3px; }
.track i { position: absolute; left: 0; top: 0; bottom: 0; background: var(--peer); border-radius: 3px; }
.skein .track i { background: var(--own); }
.skein th { color: var(--own); }
.track u { position: absolute; top: 50%; height: 2px; margin-top: -1px; min-width: 2px;
  background: var(--range); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; }
ul { margin: 0; padding-left: 1.2rem; }
pre { margin: 0 0 .8rem; padding: .7rem .9rem; background: var(--even); border-radius: 8px;
  overflow-x: auto; }
)css";

}  // namespace perf
