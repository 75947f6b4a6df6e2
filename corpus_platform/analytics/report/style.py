"""How the report looks: light and dark by the reader's own setting, wide and narrow, and on paper.

Not here: what is in it (sections.py).
"""

CSS = """
:root{--ink:#22303a;--pale:#65737d;--line:#dfe5e8;--ground:#fbfcfc;--card:#ffffff;--soft:#eef2f4;--kept:#2f7d6d;--lost:#d08770;
--neutral:#5b7db1;--link:#1f5fa8;--good:#1d7a4f;--bad:#b3361f;--warn:#96640a;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e3e9ec;--pale:#97a6b0;--line:#33414a;--ground:#141b20;--card:#1b242a;--soft:#243038;
--kept:#4fae99;--lost:#dd9a84;--neutral:#7f9fd0;--link:#86b6ee;--good:#5cc592;--bad:#f0907c;--warn:#e0b25a}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:16px}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,"Segoe UI",Roboto,"Noto Sans","PingFang SC",
"Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",sans-serif}
:lang(zh-Hant){font-family:"PingFang TC","Microsoft JhengHei","Noto Sans CJK TC",sans-serif}
:lang(ja){font-family:"Hiragino Sans","Yu Gothic","Noto Sans CJK JP",sans-serif}
:lang(ko){font-family:"Apple SD Gothic Neo","Malgun Gothic","Noto Sans CJK KR",sans-serif}
.page{display:grid;grid-template-columns:190px minmax(0,1080px);gap:0 40px;justify-content:center;padding:0 24px 80px}
nav{position:sticky;top:0;align-self:start;padding:36px 0;max-height:100vh;overflow:auto;font-size:14px}
nav a{display:block;padding:4px 10px;border-left:2px solid var(--line);color:var(--pale);text-decoration:none}
nav a:hover{color:var(--ink);border-color:var(--neutral)}
header{padding:32px 0 8px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:21px;margin:52px 0 6px;padding-top:14px;border-top:1px solid var(--line)}
section:first-of-type h2{margin-top:14px}
h3{font-size:15px;margin:26px 0 8px}
p{margin:6px 0 12px;max-width:76ch}
.pale,figcaption{color:var(--pale)}
a{color:var(--link)}
code{font:.87em ui-monospace,"SF Mono",Menlo,Consolas,"Noto Sans Mono",monospace;background:var(--soft);padding:1px 5px;border-radius:4px;
overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:12px;margin:18px 0 8px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:22px;white-space:nowrap;font-weight:650;line-height:1.15;font-variant-numeric:tabular-nums}
.tile span{color:var(--pale);font-size:13px}
.scroll{overflow-x:auto;margin:8px 0 14px}
table{border-collapse:collapse;font-size:14px;width:100%}
td:has(>.bar){width:30%;min-width:110px}td:has(>.stack){width:45%}
th,td{padding:5px 12px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--pale);font-weight:550;font-size:13px;vertical-align:bottom}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.n,th.n{padding-left:12px}
.bar{display:inline-block;position:relative;width:100%;min-width:70px;height:13px;background:var(--soft);border-radius:3px;overflow:hidden;
vertical-align:-1px}
.bar i{position:absolute;left:var(--x);width:max(var(--w),1px);top:0;bottom:0;background:var(--neutral)}
.bar.kept i{background:var(--kept)}.bar.lost i{background:var(--lost)}
.bars{margin:8px 0 14px}
.bars>div{display:grid;grid-template-columns:minmax(90px,230px) 1fr 76px 56px;gap:12px;align-items:center;padding:1.5px 0;font-size:14px}
.bars .l{text-align:right;overflow-wrap:anywhere;line-height:1.25}
.bars .n+.n{color:var(--pale)}
.stack{display:flex;height:15px;border-radius:3px;overflow:hidden;min-width:160px}
.stack i{display:block;height:100%;width:var(--w)}
.s0{background:#2f7d6d}.s1{background:#86b9ad}.s2{background:#d9a08d}.s3{background:#a9b4bb}

.nw{white-space:nowrap}.key{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 14px;vertical-align:-1px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(310px,1fr));gap:14px;margin:12px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px;min-width:0}
.card h3{margin:0 0 2px;font-size:14px;overflow-wrap:anywhere}
.card p{margin:2px 0 6px;font-size:13px}
.card svg,figure svg{width:100%;height:auto}
figure{margin:8px 0 14px;max-width:660px}
details{margin:8px 0;border:1px solid var(--line);border-radius:8px;background:var(--card);padding:0 14px}
summary{cursor:pointer;padding:9px 0;font-weight:550}
details>*:last-child{margin-bottom:14px}
.matrix{width:auto}.matrix .heat{min-width:46px}.matrix td,.matrix th{padding:4px 7px;text-align:center;border:1px solid var(--ground)}
.matrix th:first-child,.matrix td:first-child{text-align:left;white-space:nowrap}
.matrix .up{writing-mode:vertical-rl;transform:rotate(180deg);padding:6px 2px;text-align:left}
.heat{background:color-mix(in srgb,var(--kept) var(--h),var(--card))}
.heat.dark{color:#fff}
.sample{border-left:3px solid var(--lost);padding:2px 0 2px 12px;margin:10px 0}
.sample blockquote{margin:2px 0;font-size:14px;overflow-wrap:anywhere}
.sample small{color:var(--pale);overflow-wrap:anywhere}
.yes{color:var(--good)}.no{color:var(--bad)}.so{color:var(--warn)}
.note{background:var(--soft);border-radius:8px;padding:10px 14px;max-width:80ch}
footer{margin-top:60px;padding-top:14px;border-top:1px solid var(--line);color:var(--pale);font-size:13px}
@media (max-width:900px){.page{display:block;padding:0 16px 60px}nav{position:static;padding:18px 0 0;max-height:none;display:flex;
flex-wrap:wrap}nav a{border:0}.bars>div{grid-template-columns:minmax(80px,36%) 1fr 64px 52px;gap:8px}}
@media print{:root{--ground:#fff;--card:#fff;--ink:#000;--pale:#444;--line:#ccc;--soft:#eee}
body{font-size:11px}.page{display:block;padding:0}nav{display:none}.card,.tile,.sample,tr,.bars>div{break-inside:avoid}
h2,h3{break-after:avoid}details{border:0;padding:0}details::details-content{content-visibility:visible;display:block;height:auto}
.bar,.bar i,.stack,.stack i,.heat,.key{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
