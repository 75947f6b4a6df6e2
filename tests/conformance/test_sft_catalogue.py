"""The catalogue's layouts against real files: every folder of samples has an entry, and every layout that rests on a sample reads it."""

from itertools import islice

import pytest

from corpus_platform.catalogue.sft import data_sets, layout_of
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Problem
from corpus_platform.sft.reading import Reading, read

pytestmark = pytest.mark.samples

LOOKED = 25
"""Outcomes of a file that are looked at; whole files are read by the runs over them."""

FILES = [
    tuple(line.split())
    for line in """
    agieval/* agieval
    alpaca-chinese/* alpaca_chinese
    alpaca-gpt4-zh/* alpaca_gpt4_zh
    alpaca-gpt4-zh/* alpaca_zh_51k
    alpaca/alpaca_random_2000.json alpaca
    alpaca/seed_tasks.jsonl alpaca.seeds
    alpagasus/claude_t45.json alpagasus
    alpagasus/dolly_3k.json alpagasus.dolly
    baidu-qa-100w/* baidu_qa_100w
    belle/eval_set.json belle.evaluation
    belle/zh_seed_tasks.json belle.seeds
    camel/data_output.json camel.self_instruct
    camel/gsm8k_dataset.json camel.self_improving
    chatgpt-corpus/kefu_1.md chatgpt_corpus.service
    chatgpt-corpus/question_413.md chatgpt_corpus.questions
    cherry-llm/* cherry_llm
    chinese-medical-dialogue/* chinese_medical_dialogue
    cmath/* cmath
    cmmlu/* cmmlu
    code-alpaca/code_alpaca_2k.json code_alpaca
    code-alpaca/new_codealpaca.json code_alpaca.newer
    coig/* coig.cqia
    dialogstudio/* dialogstudio
    dialogue-rewriter/* utterance_rewriter
    dynosaur/* dynosaur.instructions
    evol-instruct-code/* evol_instruct_code_80k
    firefly/dummy_data.jsonl firefly_train.dummy
    firefly/dummy_dpo.jsonl firefly_train.preferences
    flan-cot/*.json flan_cot
    flan-cot/*.tsv flan.chains
    flan-cot/*.tsv flan_cot.chains
    gpteacher/* gpteacher
    gsm8k-samples/* gsm8k.samples
    gsm8k/test.jsonl gsm8k.test
    gsm8k/test_socratic.jsonl gsm8k.socratic_test
    gsm8k/train.jsonl gsm8k.train
    guanaco-chat/chat_data_sample.jsonl guanaco.chat_lists
    guanaco-chat/instruct_data_sample.jsonl guanaco.instructions
    huatuo/* huatuogpt_sft.dialogues_for_tests
    humaneval/* humaneval
    iepile/*_sample.json iepile.annotated
    iepile/*_train.json iepile
    instruction-wild/* instruction_wild.prompts
    lccc/toy_data.json lccc
    lccc/toy_valid.txt lccc.lines
    llama-factory-demos/alpaca_*_demo.json llama_factory_demos.alpaca
    llama-factory-demos/dpo_zh_demo.json llama_factory_demos.preferences
    llama-factory-demos/glaive_toolcall_*.json llama_factory_demos.tools
    llama-factory-demos/identity.json llama_factory_demos.alpaca
    llama-factory-demos/kto_en_demo.json llama_factory_demos.kto
    llama-factory-demos/reason_tool_use_demo_50.jsonl llama_factory_demos.reasoning_tools
    llama-factory-demos/v1_sft_demo.jsonl llama_factory_demos.v1
    llama2-chinese/* llama2_chinese
    magpie/example_instructions.jsonl magpie_qwen2_pro_zh.instructions
    magpie/example_instructions_5res.json magpie_qwen2_pro_zh.responses
    math/* math.agieval
    mbpp/* mbpp
    med-chatglm/* med_chatglm
    medical-gpt/dpo_zh_500.jsonl shibing624_medical.preferences
    medical-gpt/glaive_toolcall_zh_demo.jsonl shibing624_medical.dialogues
    medical-gpt/medical_sft_1K_format.jsonl shibing624_medical.dialogues
    medical-gpt/sample.jsonl shibing624_medical.questions
    medical-gpt/seed_nurse_role.jsonl shibing624_medical.roles
    medical-gpt/toolcall_dpo_zh_demo.jsonl shibing624_medical.preferences
    metamath/* metamathqa.backward
    mgsm-zh/* mgsm_zh
    mmlu/mmlu_stem_test.jsonl mmlu
    mmlu/security_studies.jsonl mmlu.few_shot
    moss-prompts/* moss.prompts
    moss/* moss.v003
    moss/web_search.jsonl moss.plugins
    mt-bench/* mt_bench
    natural-instructions/* natural_instructions
    natural-instructions/* super_natural_instructions
    oasst/en_100_message.jsonl oasst1.threads
    oasst/en_100_tree.jsonl oasst1.trees
    oig/* oig.chip2
    promptcblue/dev.json promptcblue
    promptcblue/train.json promptcblue
    self-instruct/seed_tasks.jsonl self_instruct.seeds
    self-instruct/user_oriented_instructions.jsonl self_instruct.user_oriented
    sharegpt-zh/* sharegpt_zh
    skywork-gsm8k-mock/* skywork_gsm8k_mock
    t0-p3/* t0_p3.sample_50k
    tigerbot/* tigerbot_medical
    tulu-eval/* tulu_eval
    vicuna-dummy/* vicuna_dummy
""".strip().splitlines()
]
"""Files of the samples with the layout that they have."""

NO_RECORDS = {
    "hc3-words", "iepile/*_schema.json", "iepile/SPO_DuIE2.0.json", "llama-factory-demos/dataset_info.json",
    "promptcblue/dev_structured.json", "promptcblue/templates.json",
}  # fmt: skip
"""What is in the folders besides: lists of words, schemas, a registry, templates, answers without their questions."""


def reading_of(name):
    layout = layout_of(name)
    return Reading.model_validate(
        {field: getattr(layout, field) for field in ("kind", "options", "map", "shape", "container", "files")}
    )


def full(name):
    """A layout's whole name: that of the usual one is left out."""
    return name if "." in name else f"{name}.{next(iter(data_sets()[name].layouts))}"


@pytest.mark.parametrize(("pattern", "name"), FILES, ids=[f"{pattern} {name}" for pattern, name in FILES])
def test_real_files_are_read_by_their_layout_with_all_their_columns(samples, pattern, name):
    reading = reading_of(name)
    whole = reading.model_copy(update={"files": ()})
    paths = sorted((samples / "sft").glob(pattern))
    assert paths

    for path in paths:
        outcomes = [found.outcome for found in islice(read(Unit.of_path(path), whole), LOOKED)]
        problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]

        assert reading.wants(path.name), f"{path.name} is none of {reading.files}"
        assert outcomes
        # Lines with broken escapes are InstructionWild's own.
        assert {problem.reason for problem in problems if problem.broken} <= {"bad_json"}, path.name
        if layout_of(name).role == "prompts" or reading.kind == "prompts_only":
            assert {problem.reason for problem in problems if not problem.broken} == {"no_answer_given"}
        else:
            assert len(problems) < len(outcomes) * 0.9, path.name


def test_every_folder_of_samples_has_an_entry(samples):
    there = {path for path in (samples / "sft").glob("*/*") if path.is_file()}
    known = {path for pattern, _ in FILES for path in (samples / "sft").glob(pattern)}
    no_records = {path for one in NO_RECORDS for path in (samples / "sft").glob(one if "/" in one else f"{one}/*")}

    assert sorted(map(str, there - known - no_records)) == []
    assert len({path.parent for path in there}) == 55


def test_a_layout_rests_on_a_sample_if_and_only_if_a_sample_is_read_by_it():
    read_by = {full(name) for _, name in FILES}
    claimed = {
        f"{entry.name}.{name}"
        for entry in data_sets().values()
        for name, layout in entry.layouts.items()
        if layout.evidence == "sample"
    }

    assert claimed == read_by
