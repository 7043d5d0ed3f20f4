// LineDiff: the longest common subsequence of lines, after what is equal at both ends.
#include <algorithm>
#include <vector>

#include "base/str_cat.h"
#include "pipeline/limits.h"
#include "pipeline/offline/fixture.h"

namespace ks::pipeline {
namespace {

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// length[i][j]: of the common lines of a from i and b from j.
std::vector<std::vector<uint32_t>> CommonLengths(const std::vector<std::string_view>& a,
                                                 const std::vector<std::string_view>& b) {
  std::vector<std::vector<uint32_t>> length(a.size() + 1, std::vector<uint32_t>(b.size() + 1));
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      length[i][j] =
          a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  return length;
}

}  // namespace

std::string LineDiff(std::string_view expected, std::string_view actual) {
  std::vector<std::string_view> a = LinesOf(expected);
  std::vector<std::string_view> b = LinesOf(actual);
  size_t same = 0;
  while (same < std::min(a.size(), b.size()) && a[same] == b[same]) ++same;
  const std::string before = same > 0 ? StrCat("  ", a[same - 1], "\n") : std::string();
  a.erase(a.begin(), a.begin() + static_cast<ptrdiff_t>(same));
  b.erase(b.begin(), b.begin() + static_cast<ptrdiff_t>(same));
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.pop_back();
    b.pop_back();
  }
  if (a.empty() && b.empty()) return "";
  const bool large = std::max(a.size(), b.size()) > kDiffLinesMax;
  if (large) {
    a.resize(std::min(a.size(), kDiffLinesMax));
    b.resize(std::min(b.size(), kDiffLinesMax));
  }
  const auto length = CommonLengths(a, b);
  std::string text = before;
  for (size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      StrAppend(&text, "  ", a[i++], "\n");
      ++j;
    } else if (j == b.size() || (i < a.size() && length[i + 1][j] >= length[i][j + 1])) {
      StrAppend(&text, "- ", a[i++], "\n");
    } else {
      StrAppend(&text, "+ ", b[j++], "\n");
    }
  }
  return large ? text + "…\n" : text;
}

}  // namespace ks::pipeline
