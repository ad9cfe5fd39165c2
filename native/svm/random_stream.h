// The C library's rand(), one stream a thread.
#pragma once

namespace unreel::svm {

/// Begins the calling thread's stream anew, as srand(seed) does. Every thread's begins as after srand(1).
void begin_stream(unsigned seed);

/// The stream's next number: that of rand().
int next_of_stream();

}  // namespace unreel::svm
