#include "cli/sql/line_editor.h"

#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "cli/sql/history.h"

namespace ks::cli {

struct LineEditor::Parts {
  Completer completer;
  std::string prompt;
  bool given_up = false;
  EditLine* editor = nullptr;
  ::History* history = nullptr;

  static Parts& Of(EditLine* editor) {
    void* parts = nullptr;
    el_get(editor, EL_CLIENTDATA, &parts);
    return *static_cast<Parts*>(parts);
  }
  static char* Prompt(EditLine* editor) { return Of(editor).prompt.data(); }
  static unsigned char GiveUp(EditLine* editor, int) {
    Of(editor).given_up = true;
    return CC_EOF;
  }
  static unsigned char Complete(EditLine* editor, int);
};

namespace {

size_t TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// Below the line, in columns.
void Show(const std::vector<std::string>& choices) {
  size_t widest = 0;
  for (const std::string& choice : choices) widest = std::max(widest, choice.size());
  const size_t columns = std::max<size_t>(1, TerminalWidth() / (widest + 2));
  std::fputc('\n', stdout);
  for (size_t i = 0; i < choices.size(); ++i) {
    const bool last = (i + 1) % columns == 0 || i + 1 == choices.size();
    std::fprintf(stdout, "%-*s%s", static_cast<int>(last ? 0 : widest + 2), choices[i].c_str(),
                 last ? "\n" : "");
  }
  std::fflush(stdout);
}

}  // namespace

unsigned char LineEditor::Parts::Complete(EditLine* editor, int) {
  const LineInfo* line = el_line(editor);
  const std::string_view before(line->buffer, static_cast<size_t>(line->cursor - line->buffer));
  const std::string_view whole(line->buffer, static_cast<size_t>(line->lastchar - line->buffer));
  const Completion completion = Of(editor).completer(before, whole);
  if (completion.choices.empty()) return CC_REFRESH_BEEP;
  std::string start = CommonStart(completion.choices);
  const bool decided = completion.choices.size() == 1;
  const std::string typed(before.substr(before.size() - completion.word));
  if (!decided && start.size() <= typed.size()) {
    Show(completion.choices);
    return CC_REDISPLAY;
  }
  el_deletestr(editor, static_cast<int>(completion.word));
  if (decided) start += ' ';
  return el_insertstr(editor, start.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

LineEditor::LineEditor(Completer completer) : parts_(std::make_unique<Parts>()) {
  // Letters of more than one byte are edited as one. The rest of the program stays in locale C.
  if (setlocale(LC_CTYPE, "") == nullptr ||
      !absl::StrContains(setlocale(LC_CTYPE, nullptr), "UTF")) {
    setlocale(LC_CTYPE, "C.UTF-8");
  }
  parts_->completer = std::move(completer);
  parts_->editor = el_init("kafka-spanner", stdin, stdout, stderr);
  parts_->history = history_init();
  EditLine* editor = parts_->editor;
  HistEvent event;
  history(parts_->history, &event, H_SETSIZE, static_cast<int>(History::kEntriesMax));
  history(parts_->history, &event, H_SETUNIQUE, 1);
  el_set(editor, EL_CLIENTDATA, parts_.get());
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_PROMPT, Parts::Prompt);
  el_set(editor, EL_HIST, history, parts_->history);
  el_set(editor, EL_ADDFN, "sql-complete", "offer names and keywords", Parts::Complete);
  el_set(editor, EL_ADDFN, "sql-give-up", "give the line up", Parts::GiveUp);
  el_set(editor, EL_BIND, "^I", "sql-complete", nullptr);
  el_set(editor, EL_BIND, "^C", "sql-give-up", nullptr);
  el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_set(editor, EL_BIND, "\\e[1;5C", "em-next-word", nullptr);
  el_set(editor, EL_BIND, "\\e[1;5D", "ed-prev-word", nullptr);
  el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
}

LineEditor::~LineEditor() {
  history_end(parts_->history);
  el_end(parts_->editor);
}

LineEnd LineEditor::Read(const std::string& prompt, std::string* line) {
  parts_->prompt = prompt;
  parts_->given_up = false;
  // Before the prompt is shown: what is typed as soon as it is must not be the terminal's to edit.
  el_set(parts_->editor, EL_PREP_TERM, 1);
  int count = 0;
  const char* text = el_gets(parts_->editor, &count);
  if (parts_->given_up) {
    std::fputs("^C\n", stdout);
    std::fflush(stdout);
    return LineEnd::kGivenUp;
  }
  if (text == nullptr || count <= 0) return LineEnd::kEndOfInput;
  line->assign(text, static_cast<size_t>(count));
  while (!line->empty() && line->back() == '\n') line->pop_back();
  return LineEnd::kEntered;
}

void LineEditor::Remember(const std::string& entry) {
  HistEvent event;
  history(parts_->history, &event, H_ENTER, entry.c_str());
}

}  // namespace ks::cli
