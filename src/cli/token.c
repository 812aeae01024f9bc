/* sluice token: whose billing row is this? With case, reason and two approvers,
 * and never before the request stands in the audit log. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "cli/token_input.h"
#include "cli/vault_reader.h"
#include "keep/audit.h"
#include "sluice/clock.h"
#include "sluice/token.h"

static const char help[] =
    "usage: sluice token open [-c FILE] --tenant TENANT --purpose PURPOSE --case ID\n"
    "                         --reason REASON --approver A --approver B [--json] <ROWS\n"
    "\n"
    "Opens the tokens of a stream: reads rows as 'sluice cat --json' prints them, or lines\n"
    "'SUBJECT_PSEUDONYM TOKEN' in hex, from standard input, and writes the identifier of\n"
    "each to standard output, '-' where no living epoch's key opens it.\n"
    "\n"
    "  -c, --config FILE     the configuration (default ./sluice.yaml)\n"
    "      --tenant TENANT   whose rows they are\n"
    "      --purpose PURPOSE of which stream\n"
    "      --case ID         the case it is for; the log keeps a keyed digest of it\n"
    "      --reason REASON   dispute, correction, request, fraud, legal or security\n"
    "      --approver NAME   who approved it; two different ones are needed\n"
    "      --json            one JSON object a line\n"
    "      --help            this text\n"
    "\n"
    "Every request, refused ones too, is written to audit/access.ndjson in the state\n"
    "folder before anything is answered. At most 100000 rows in one.\n"
    "Exits with 0, 65 when a token did not open or a line is neither, 77 when refused.\n";

#define APPROVERS_MAX 8
#define WORD_MAX      64

struct request {
    const char *config;
    const char *tenant;
    const char *purpose;
    const char *case_id;
    const char *reason;
    const char *approvers[APPROVERS_MAX];
    size_t approver_count;
    bool json;
};

/* One answer: an identifier, or none where no key opened the token. */
struct answer {
    enum sluice_token_kind kind;
    uint8_t digit_count;
    char digits[SLUICE_TOKEN_DIGITS_MAX];
};

/* What goes into the log and into messages must be no identifier. */
static bool is_word(const char *text)
{
    size_t digits = 0, i = 0;

    for (; text[i] && i <= WORD_MAX; i++) {
        const char c = text[i];
        const bool digit = c >= '0' && c <= '9';

        digits = digit ? digits + 1 : 0;
        if (digits > 8 || (!digit && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !strchr("._@-", c)))
            return false;
    }
    return i > 0 && i <= WORD_MAX;
}

static bool is_reason(const char *text)
{
    static const char *const reasons[] = { "dispute", "correction", "request", "fraud", "legal", "security" };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(text, reasons[i]) == 0)
            return true;
    return false;
}

/* NULL where the request may be answered, else why not. */
static const char *refusal(const struct request *request)
{
    if (!is_word(request->case_id))
        return "the case's name must be 1 to 64 of a-z, 0-9, . _ @ -, without 9 digits in a row";
    if (!is_reason(request->reason))
        return "the reason must be one of dispute, correction, request, fraud, legal, security";
    for (size_t i = 0; i < request->approver_count; i++)
        if (!is_word(request->approvers[i]))
            return "an approver's name must be 1 to 64 of a-z, 0-9, . _ @ -, without 9 digits in a row";
    for (size_t i = 1; i < request->approver_count; i++)
        if (strcmp(request->approvers[i], request->approvers[0]) != 0)
            return NULL;
    return "two different approvers are needed";
}

/* --- the audit line */

static void append_case(struct sluice_buffer *out, const struct request *request,
                        const struct sluice_keyring *keyring)
{
    uint8_t digest[SLUICE_PSEUDONYM_SIZE];
    char text[8 + WORD_MAX + 1];
    const int len = snprintf(text, sizeof text, "case %s", request->case_id);

    sluice_keyed_digest(digest, text, (size_t)(len < (int)sizeof text ? len : (int)sizeof text - 1),
                        keyring->tag_key);
    sluice_buffer_append_text(out, ",\"case\":\"");
    for (size_t i = 0; i < sizeof digest; i++)
        sluice_buffer_printf(out, "%02x", digest[i]);
    sluice_buffer_append_text(out, "\"");
}

static void append_approvers(struct sluice_buffer *out, const struct request *request)
{
    sluice_buffer_append_text(out, ",\"approvers\":[");
    for (size_t i = 0; i < request->approver_count; i++)
        sluice_buffer_printf(out, "%s\"%s\"", i ? "," : "",
                             is_word(request->approvers[i]) ? request->approvers[i] : "?");
    sluice_buffer_append_text(out, "]");
}

static enum sluice_err log_request(const struct request *request, const struct vault_reader_set *set,
                                   const char *outcome, size_t asked, size_t opened)
{
    struct sluice_buffer out;
    struct sluice_clock clock;

    sluice_clock_init(&clock, set->config->clock_us);
    sluice_buffer_init(&out, SLUICE_AUDIT_MEMBERS_MAX);
    sluice_buffer_printf(&out,
                         "\"what\":\"token_open\",\"outcome\":\"%s\",\"tenant\":\"%s\",\"purpose\":\"%s\"",
                         outcome, sluice_config_tenant(set->config, request->tenant) ? request->tenant : "?",
                         is_word(request->purpose) ? request->purpose : "?");
    append_case(&out, request, set->keyring);
    sluice_buffer_printf(&out, ",\"reason\":\"%s\"", is_reason(request->reason) ? request->reason : "?");
    append_approvers(&out, request);
    sluice_buffer_printf(&out, ",\"asked\":%zu,\"opened\":%zu", asked, opened);
    enum sluice_err err = sluice_buffer_err(&out);
    if (!err)
        err = sluice_audit_append(set->config->state, SLUICE_AUDIT_ACCESS, sluice_clock_now_us(&clock),
                                  (struct sluice_str){ (const char *)out.bytes, out.len });
    sluice_buffer_deinit(&out);
    return err;
}

/* --- opening */

/* The token keys of a purpose's living epochs, in locked memory. */
struct keys {
    const struct request *request;
    uint32_t epochs[4096];
    size_t count;
    size_t latest;                          /* the one that opened last: rows come epoch by epoch */
    struct sluice_epoch_secrets *secrets;
};

static void note_epoch(void *self, const char *tenant, uint8_t purpose_index, const char *purpose,
                       uint32_t epoch)
{
    struct keys *keys = self;

    (void)purpose_index;
    if (strcmp(tenant, keys->request->tenant) == 0 && strcmp(purpose, keys->request->purpose) == 0 &&
        keys->count < sizeof keys->epochs / sizeof keys->epochs[0])
        keys->epochs[keys->count++] = epoch;
}

static enum sluice_err gather_keys(struct keys *keys, struct sluice_vault *vault)
{
    uint8_t index;
    enum sluice_err err =
        sluice_vault_purpose_find(vault, keys->request->tenant, keys->request->purpose, &index);

    if (!err)
        err = sluice_vault_epochs(vault, note_epoch, keys);
    if (err || keys->count == 0)
        return err;
    keys->secrets = sluice_secret_alloc(keys->count * sizeof *keys->secrets);
    if (!keys->secrets)
        return SLUICE_ERR_MEMORY;
    for (size_t i = 0; !err && i < keys->count; i++)
        err = sluice_vault_epoch(vault, &keys->secrets[i], keys->request->tenant, index, keys->epochs[i],
                                 false);
    return err;
}

static bool open_one(struct answer *answer, struct keys *keys, const struct token_line *line)
{
    for (size_t i = 0; i < keys->count; i++) {
        const size_t at = (keys->latest + i) % keys->count;
        size_t digit_count;

        if (sluice_token_open(&answer->kind, answer->digits, &digit_count, line->token,
                              keys->secrets[at].token_key, line->pseudonym) != SLUICE_OK)
            continue;
        answer->digit_count = (uint8_t)digit_count;
        keys->latest = at;
        return true;
    }
    return false;
}

static int print_answers(const struct answer answers[], size_t count, size_t opened, bool json)
{
    static const char *const kinds[] = { [SLUICE_TOKEN_ICCID] = "iccid", [SLUICE_TOKEN_IMSI] = "imsi" };
    struct sluice_buffer out;

    sluice_buffer_init(&out, (count + 1) * 96);
    for (size_t i = 0; i < count; i++) {
        const int len = answers[i].digit_count;

        if (json && len)
            sluice_buffer_printf(&out, "{\"kind\":\"%s\",\"identifier\":\"%.*s\"}\n", kinds[answers[i].kind],
                                 len, answers[i].digits);
        else if (json)
            sluice_buffer_append_text(&out, "{\"kind\":null,\"identifier\":null}\n");
        else
            sluice_buffer_printf(&out, "%.*s\n", len ? len : 1, len ? answers[i].digits : "-");
    }
    const int code = cli_print(&out, opened == count ? EX_OK : EX_DATAERR);
    sluice_wipe(out.bytes, out.len);
    sluice_buffer_deinit(&out);
    return code;
}

static int answer(const struct request *request, const struct vault_reader_set *set,
                  const struct token_input *input)
{
    struct answer *answers = calloc(input->count + 1, sizeof *answers);
    struct keys *keys = calloc(1, sizeof *keys);
    size_t opened = 0;
    int code = EX_OK;
    enum sluice_err err = answers && keys ? SLUICE_OK : SLUICE_ERR_MEMORY;

    if (!err) {
        keys->request = request;
        err = gather_keys(keys, set->vault);
    }
    for (size_t i = 0; !err && i < input->count; i++)
        opened += open_one(&answers[i], keys, &input->list[i]);
    const enum sluice_err log_err =
        log_request(request, set, err ? "failed" : "answered", input->count, err ? 0 : opened);
    if (!err)
        err = log_err;
    if (err)
        code = cli_fail("sluice token", err, "nothing is answered");
    else
        code = print_answers(answers, input->count, opened, request->json);
    if (answers)
        sluice_wipe(answers, input->count * sizeof *answers);
    if (keys)
        sluice_secret_free(keys->secrets, keys->count * sizeof *keys->secrets);
    free(answers);
    free(keys);
    return code;
}

static int refuse(const struct request *request, const struct vault_reader_set *set, const char *why)
{
    const enum sluice_err err = log_request(request, set, "refused", 0, 0);

    if (err)
        return cli_fail("sluice token", err, "the refusal could not be written to the audit log");
    fprintf(stderr, "sluice token: refused: %s\n", why);
    return EX_NOPERM;
}

static int handle(const struct request *request, const struct vault_reader_set *set)
{
    struct token_input input = { .list = NULL };
    size_t line;
    const char *why = refusal(request);

    if (!why && !sluice_config_tenant(set->config, request->tenant))
        why = "the tenant is not configured";
    if (!why && !set->vault)
        why = "there is no vault yet, so no token either";
    if (why)
        return refuse(request, set, why);
    const enum sluice_err err = token_input_read(&input, &line, stdin);
    const enum sluice_err log_err = err ? log_request(request, set, "failed", input.count, 0) : SLUICE_OK;
    const int code = err ? cli_fail("sluice token", log_err ? log_err : err, "standard input, line %zu", line)
                         : answer(request, set, &input);
    token_input_free(&input);
    return code;
}

static int open_tokens(const struct request *request)
{
    struct vault_reader_set set;
    int code = vault_reader_open(&set, "sluice token", request->config);

    if (code)
        return code;
    code = handle(request, &set);
    vault_reader_close(&set);
    return code;
}

int cli_token(int argc, char *argv[])
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },   { "tenant", required_argument, NULL, 't' },
        { "purpose", required_argument, NULL, 'p' },  { "case", required_argument, NULL, 'i' },
        { "reason", required_argument, NULL, 'r' },   { "approver", required_argument, NULL, 'a' },
        { "json", no_argument, NULL, 'j' },           { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct request request = { .config = CLI_CONFIG };
    int option;

    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (option) {
        case 'c': request.config = optarg; break;
        case 't': request.tenant = optarg; break;
        case 'p': request.purpose = optarg; break;
        case 'i': request.case_id = optarg; break;
        case 'r': request.reason = optarg; break;
        case 'a':
            if (request.approver_count == APPROVERS_MAX)
                return cli_usage(argv[0]);
            request.approvers[request.approver_count++] = optarg;
            break;
        case 'j': request.json = true; break;
        case 'h': fputs(help, stdout); return EX_OK;
        default:  return cli_usage(argv[0]);
        }
    }
    if (optind + 1 != argc || strcmp(argv[optind], "open") != 0 || !request.tenant || !request.purpose ||
        !request.case_id || !request.reason)
        return cli_usage(argv[0]);
    return open_tokens(&request);
}
