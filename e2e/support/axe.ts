import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const WIDTHS = [1280, 360]
export const THEMES = ['light', 'dark']

/** What axe finds, as lines that say where; empty is good. */
export async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
  return found.flatMap(({ id, nodes }) =>
    nodes.map(
      (node) => `${id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`,
    ),
  )
}

/** What is wrong with the page as it stands: for axe, and because it is wider than the screen; wide and narrow, light and dark. */
export async function faults(
  page: Page,
  { widths = WIDTHS, themes = THEMES }: { widths?: number[]; themes?: string[] } = {},
): Promise<string[]> {
  const wrong: string[] = []
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 })
    for (const theme of themes) {
      await page.evaluate((value) => {
        document.documentElement.dataset.theme = value
      }, theme)
      await page.waitForTimeout(250)
      for (const line of await violations(page)) wrong.push(`${width} ${theme}: ${line}`)
    }
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (wider > 0) wrong.push(`${width}: the page is ${wider} px wider than the screen`)
  }
  return wrong
}
