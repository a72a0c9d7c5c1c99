/** Figures of what an encoding ranks. Knows no economy. */

/** A feature's figure of the item at a rank (from 1) of a list in the view, computed by what is given; 0 where the list is shorter. */
export function atRank<View, Item>(listOf: (view: View) => readonly Item[], rank: number) {
  return (figure: (item: Item, view: View) => number) =>
    (view: View): number => {
      const item = listOf(view)[rank - 1]
      return item === undefined ? 0 : figure(item, view)
    }
}
