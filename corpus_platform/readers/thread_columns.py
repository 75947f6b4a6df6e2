"""Maps of columns of threads: what is called how in the exports of Zhihu, Weibo, Tieba and others; and texts of such columns.

Not here: what is made of them (threads.py), how a path is followed (record_values.py).
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.extract.markdown import to_markdown

Paths = tuple[str, ...]

_HTML = re.compile(
    r"</?(?:p|br|div|a|b|i|em|strong|span|ul|ol|li|blockquote|img|figure|h[1-6]|pre|code|hr|table)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
GONE = frozenset(
    [
        "",
        "[deleted]",
        "[removed]",
        "该评论已删除",
        "该回答已被删除",
        "此微博已被作者删除",
        "抱歉，此微博已被作者删除",
        "null",
        "none",
        "nan",
    ]
)
"""Texts that say that there is none any more, in lower case."""


class ThreadColumns(BaseModel):
    """Paths of a thread's columns; of each the first that gives something counts. Paths of `reply_*` are in a reply, or in a post of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Paths = Field(default=("id", "thread_id", "qid", "tid", "question_id"), description="Name of the thread")
    title: Paths = Field(default=("title", "question", "topic_title", "subject"), description="Title or question")
    text: Paths = Field(
        default=("text", "content", "body", "desc", "description"),
        description="The first post, or what explains the question",
    )
    category: Paths = Field(
        default=("category", "topic", "forum", "board", "tags", "subject_name"), description="Board or subject"
    )
    url: Paths = Field(default=("url", "link"), description="Address")
    time: Paths = Field(
        default=("time", "date", "created", "created_at", "create_time", "timestamp"), description="When"
    )
    author: Paths = Field(
        default=("author", "user", "author.name", "user.name", "author.id", "user.id", "username", "nickname"),
        description="Who; a number in turns, and nowhere else",
    )
    score: Paths = Field(default=("score", "likes", "upvotes", "star", "count"), description="Score of the thread")
    replies: Paths = Field(
        default=("replies", "answers", "comments", "posts"), description="List of replies in the record"
    )
    thread: Paths = Field(default=(), description="Of records that are one post: the name of the post's thread")
    reply_text: Paths = Field(
        default=("text", "content", "answer", "body", "reply", "comment"), description="Text of a reply"
    )
    reply_score: Paths = Field(
        default=("score", "upvotes", "likes", "star", "voteup_count"), description="Score of a reply"
    )
    reply_author: Paths = Field(
        default=("author", "user", "author.name", "user.name", "author.id", "user.id", "username", "nickname"),
        description="Who replies",
    )
    floor: Paths = Field(
        default=("floor", "楼层", "floor_num", "post_no", "position"), description="Place of a post in its thread"
    )


PRESETS: dict[str, ThreadColumns] = {
    "generic": ThreadColumns(),
    "zhihu": ThreadColumns(
        id=("qid", "question_id", "question.id", "id"),
        title=("title", "question.title", "question_title", "question", "问题"),
        text=("desc", "question_detail", "question.detail", "question.excerpt", "description", "detail", "描述"),
        category=("topic", "topics", "category", "话题"),
        score=("star", "follower_count", "question.follower_count"),
        replies=("answers", "data", "回答"),
        reply_text=("content", "answer", "answer_content", "text", "response_content", "回答"),
        reply_score=("voteup_count", "upvotes", "star", "vote_count", "score", "赞同"),
    ),
    "weibo": ThreadColumns(
        id=("mid", "id", "weibo_id", "bid"),
        title=(),
        text=("text", "content", "text_raw", "微博正文", "正文"),
        category=("topic", "topics", "话题"),
        time=("created_at", "publish_time", "time", "发布时间"),
        author=("user.id", "user_id", "user.screen_name", "screen_name", "用户id"),
        score=("attitudes_count", "likes", "like_num", "点赞数"),
        replies=("comments", "replies", "评论"),
        reply_text=("text", "content", "评论内容"),
        reply_score=("like_count", "like_counts", "likes", "点赞数"),
        reply_author=("user.id", "user_id", "user.screen_name", "screen_name"),
    ),
    "tieba": ThreadColumns(
        id=("tid", "thread_id", "id", "帖子id"),
        title=("title", "thread_title", "标题"),
        text=("content", "text", "内容"),
        category=("forum", "forum_name", "kw", "吧", "贴吧"),
        time=("time", "date", "create_time", "时间"),
        replies=("posts", "replies", "post_list", "回帖"),
        thread=(),
        reply_text=("content", "text", "内容"),
        reply_author=("author", "author_id", "user_id", "author.user_name", "user_name", "作者"),
        floor=("floor", "post_no", "floor_num", "楼层"),
    ),
}
"""Maps of columns by the site whose exports they fit."""


def plain(text: str) -> str:
    """A text that may be HTML, without tags."""
    return to_markdown(text) if _HTML.search(text) else text


def part_of(given: str | None, name: str) -> str | None:
    """The site that was given, else the folder that the file is in; None where neither is known, and the collection's name will do."""
    folder, slash, _ = name.partition("/")
    return given or (folder if slash else None)


def site_of(name: str) -> str:
    """What a file is called without its endings, where nothing better is known of its site."""
    return re.sub(r"(?:\.[A-Za-z0-9]{1,8}){1,2}$", "", name.rpartition("/")[2])
