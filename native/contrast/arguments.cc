#include "contrast/arguments.h"

#include <cstdint>
#include <locale>
#include <sstream>

namespace unreel::contrast {

std::string text_of(double value) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << value;
  return text.str();
}

Error bad_argument(const std::string& name, const std::string& demand, double value) {
  return Error(ErrorCode::invalid_argument, name + " must be " + demand + ", got " + text_of(value) + ".")
      .with("argument", name)
      .with("value", value);
}

void require_temperature(double temperature) {
  if (temperature > 0 && std::isfinite(temperature) && std::isfinite(1 / temperature)) return;
  throw bad_argument("temperature", "a finite number above 0 whose inverse is finite", temperature);
}

Error not_finite_at(const std::string& what, std::size_t row, std::size_t column) {
  return Error(ErrorCode::not_finite, what + " in row " + std::to_string(row) + ", column " + std::to_string(column) +
                                          " (both from 0) is NaN or infinite. Drop the row or compute it again.")
      .with("row", static_cast<std::int64_t>(row))
      .with("column", static_cast<std::int64_t>(column));
}

}  // namespace unreel::contrast
