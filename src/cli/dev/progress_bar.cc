#include "cli/dev/progress_bar.h"

#include <algorithm>
#include <cstdio>

namespace ks::cli {

void ProgressBar::Draw(double share, const std::string& text) {
  if (!visible_) return;
  constexpr int kWidth = 30;
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kWidth);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < full ? "█" : "░";
  std::fprintf(stderr, "\r\033[K  %s %3d%%  %s", bar.c_str(), static_cast<int>(share * 100),
               text.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (!drawn_) return;
  std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace ks::cli
