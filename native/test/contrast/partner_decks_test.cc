#include "contrast/partner_decks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace unreel::contrast {
namespace {

using Rows = std::vector<std::size_t>;

Rows ten_rows() {
  Rows rows(10);
  std::iota(rows.begin(), rows.end(), std::size_t{30});
  return rows;
}

TEST(PartnerDecks, ComeInAnotherOrderEachTime) {
  PartnerDecks decks({ten_rows()});
  Random random(5);
  std::vector<Rows> orders(5);
  for (Rows& order : orders) {
    decks.begin_batch();
    decks.deal(0, 10, random, order);
  }
  for (Rows& order : orders) EXPECT_EQ(std::count(orders.begin(), orders.end(), order), 1);
  for (Rows& order : orders) std::sort(order.begin(), order.end());
  EXPECT_EQ(orders, std::vector<Rows>(5, ten_rows()));
}

TEST(PartnerDecks, AreChosenFromInAnotherOrderEachTime) {
  PartnerDecks decks({ten_rows()});
  Random random(5);
  std::vector<Rows> orders(5);
  for (Rows& order : orders) {
    decks.begin_batch();
    decks.deal_any(10, random, order);
  }
  for (const Rows& order : orders) EXPECT_EQ(std::count(orders.begin(), orders.end(), order), 1);
}

TEST(PartnerDecks, TheLastOfOneTimeIsNotTheLastOfTheNext) {
  // Three of ten a batch: two of three times a batch takes the end of one dealing and the beginning of the next.
  PartnerDecks decks({ten_rows()});
  Random random(5);
  Rows dealt;
  for (int batch = 0; batch < 1000; ++batch) {
    decks.begin_batch();
    decks.deal(0, 3, random, dealt);
  }
  int again = 0;
  for (std::size_t last = 9; last + 10 < dealt.size(); last += 10) again += dealt[last] == dealt[last + 10] ? 1 : 0;
  EXPECT_NEAR(again, 30, 15);  // of 299, by chance
}

}  // namespace
}  // namespace unreel::contrast
