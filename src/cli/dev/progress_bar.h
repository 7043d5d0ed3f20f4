// ProgressBar: one line on standard error that is drawn over and over, only where somebody watches.
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string>

namespace ks::cli {

class ProgressBar {
 public:
  explicit ProgressBar(bool visible) : visible_(visible) {}
  ~ProgressBar() { Clear(); }
  // `share` in [0, 1]; `text` stands behind the bar.
  void Draw(double share, const std::string& text);
  void Clear();

 private:
  const bool visible_;
  bool drawn_ = false;
};

}  // namespace ks::cli
