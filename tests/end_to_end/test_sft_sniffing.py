"""Sniffing names the kind of every sample file with training data, and a map with which the whole file can be read."""

from collections import Counter

import pytest

from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Problem
from corpus_platform.sft.reading import Reading, read
from corpus_platform.sft.sniff import sniff

pytestmark = [pytest.mark.e2e, pytest.mark.samples]

KINDS = {
    "instruct": """alpaca/alpaca_random_2000.json alpaca-chinese/zh-data-part-00.json alpaca-gpt4-zh/alpaca_data_zh_51k_sample_1k.jsonl
        alpagasus/claude_t45.json alpagasus/dolly_3k.json baidu-qa-100w/baidu_qa_100w_part11.xlsx chatgpt-corpus/kefu_1.md
        cherry-llm/cherry_alpaca_5_percent.json chinese-medical-dialogue/sample_im_gb18030.csv code-alpaca/code_alpaca_2k.json
        code-alpaca/new_codealpaca.json coig/COIG-CQIA-sample.json evol-instruct-code/converted_alpaca_2k.json evol-instruct-code/seed_evol.json
        flan-cot/aqua_train.json flan-cot/creak_train.json flan-cot/ecqa_train.json flan-cot/sensemaking_train.json flan-cot/strategyqa_train.json
        flan-cot/aqua_train.tsv flan-cot/creak_train.tsv flan-cot/ecqa_train.tsv flan-cot/sensemaking_train.tsv flan-cot/strategyqa_train.tsv
        gpteacher/codegen-instruct.json gpteacher/roleplay-simple-deduped-roleplay-instruct.json gpteacher/toolformer-similarity-0.6-dataset.json
        guanaco-chat/instruct_data_sample.jsonl huatuo/Med-dialog_100.json llama-factory-demos/alpaca_en_demo.json
        llama-factory-demos/alpaca_zh_demo.json llama-factory-demos/identity.json med-chatglm/train.txt medical-gpt/sample.jsonl
        promptcblue/train.json promptcblue/dev.json t0-p3/multi_news_summarize.jsonl t0-p3/wiki_hop_original_choose_best_object_affirmative_3.jsonl
        tigerbot/medical_qa_6000.jsonl""",
    "turns": """llama-factory-demos/glaive_toolcall_en_demo.json llama-factory-demos/glaive_toolcall_zh_demo.json
        llama-factory-demos/reason_tool_use_demo_50.jsonl llama-factory-demos/v1_sft_demo.jsonl medical-gpt/glaive_toolcall_zh_demo.jsonl
        medical-gpt/medical_sft_1K_format.jsonl sharegpt-zh/sharegpt_zh_1K_format.jsonl vicuna-dummy/dummy_conversation.json""",
    "pairs": "firefly/dummy_data.jsonl",
    "turn_strings": "guanaco-chat/chat_data_sample.jsonl lccc/toy_data.json lccc/toy_valid.txt",
    "marked_text": "llama2-chinese/dev_sft.csv llama2-chinese/dev_sft_sharegpt.csv oig/training_text_example.txt",
    "moss_chat": """moss/calculator.jsonl moss/equation_solver.jsonl moss/harmless_conversations.jsonl moss/helpful_brainstorming_conversations.jsonl
        moss/helpful_code_conversations.jsonl moss/helpful_complex_instruction_conversations.jsonl moss/helpful_role_playing_conversations.jsonl
        moss/helpful_writing_conversations.jsonl moss/honest_conversations.jsonl moss/mix.jsonl moss/text2img.jsonl moss/web_search.jsonl""",
    "tree": "oasst/en_100_message.jsonl oasst/en_100_tree.jsonl",
    "task_file": """alpaca/seed_tasks.jsonl belle/zh_seed_tasks.json camel/data_output.json natural-instructions/task1319_country_by_barcode_prefix.json
        self-instruct/seed_tasks.jsonl self-instruct/user_oriented_instructions.jsonl""",
    "verifiable": "camel/gsm8k_dataset.json gsm8k/train.jsonl gsm8k-samples/example_model_solutions.jsonl",
    "ie_schema": """iepile/EEA_train.json iepile/EET_train.json iepile/EE_train.json iepile/KG_train.json iepile/NER_train.json iepile/RE_train.json
        iepile/SPO_train.json iepile/EEA_sample.json iepile/EET_sample.json iepile/EE_sample.json iepile/KG_sample.json iepile/RE_sample.json
        iepile/SPO_sample.json""",
    "compare": """firefly/dummy_dpo.jsonl llama-factory-demos/dpo_zh_demo.json llama-factory-demos/kto_en_demo.json medical-gpt/dpo_zh_500.jsonl
        medical-gpt/toolcall_dpo_zh_demo.jsonl magpie/example_instructions_5res.json""",
    "rewrite_tsv": "dialogue-rewriter/dev.txt dialogue-rewriter/train.txt",
    "prompts_only": """chatgpt-corpus/question_413.md instruction-wild/seed_prompts_ch.jsonl instruction-wild/seed_prompts_en.jsonl
        instruction-wild/user_1.jsonl instruction-wild/user_2.jsonl instruction-wild/user_3.jsonl magpie/example_instructions.jsonl
        medical-gpt/seed_nurse_role.jsonl moss-prompts/helpful_complex_instruction_prompts.jsonl""",
    "choice": "agieval/gaokao-mathqa.jsonl agieval/logiqa-zh.jsonl cmmlu/clinical_knowledge.csv mmlu/mmlu_stem_test.jsonl",
}  # fmt: skip
"""Kind by file: those that hold records to train on, the pools of prompts, and questions with options."""

FILES = [(file, kind) for kind, files in KINDS.items() for file in files.split()]


@pytest.mark.parametrize(("file", "kind"), FILES)
def test_a_sample_is_told_by_its_records_and_read_whole_with_the_map_that_is_proposed(samples, file, kind):
    unit = Unit.of_path(samples / "sft" / file)

    sniffed = sniff(unit)
    outcomes = [found.outcome for found in read(unit, Reading.model_validate(sniffed.proposal()))]
    damaged = Counter(one.reason for one in outcomes if isinstance(one, Problem) and one.broken)

    assert sniffed.kind == kind
    assert sniffed.confidence >= 0.4
    assert damaged.total() <= 0.05 * len(outcomes), damaged


def test_dialogue_logs_are_told_by_their_records(samples):
    files = sorted((samples / "sft" / "dialogstudio").iterdir())

    assert len(files) == 15
    assert {sniff(Unit.of_path(file)).kind for file in files} == {"dialog_log"}
