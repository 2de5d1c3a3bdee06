import {
  Activity,
  ArrowDownToLine,
  Bell,
  Coins,
  FileBox,
  FolderLock,
  HardDrive,
  House,
  Inbox,
  type LucideIcon,
  Server,
  Settings,
  ShieldQuestionMark,
  Store,
  Tag,
} from 'lucide-react'

export interface NavItem {
  href: string
  name: string
  Icon: LucideIcon
}

export type Role = 'user' | 'miner'

export const ROLE_ITEMS: Record<Role, NavItem[]> = {
  user: [
    { href: '/u', name: 'Overview', Icon: House },
    { href: '/u/sources', name: 'Sources', Icon: FolderLock },
    { href: '/u/orders', name: 'Orders', Icon: FileBox },
    { href: '/u/restores', name: 'Restores', Icon: ArrowDownToLine },
    { href: '/u/spending', name: 'Spending', Icon: Coins },
  ],
  miner: [
    { href: '/m', name: 'Overview', Icon: House },
    { href: '/m/sectors', name: 'Sectors', Icon: HardDrive },
    { href: '/m/bills', name: 'Bills', Icon: Tag },
    { href: '/m/orders', name: 'Orders', Icon: Inbox },
    { href: '/m/challenges', name: 'Challenges', Icon: ShieldQuestionMark },
    { href: '/m/earnings', name: 'Earnings', Icon: Coins },
  ],
}

export const COMMON_ITEMS: NavItem[] = [
  { href: '/market', name: 'Market', Icon: Store },
  { href: '/agents', name: 'Agents', Icon: Server },
  { href: '/activity', name: 'Activity', Icon: Activity },
  { href: '/alerts', name: 'Alerts', Icon: Bell },
  { href: '/settings', name: 'Settings', Icon: Settings },
]

/** Is this the item of the page? Overviews only for themselves. */
export const isCurrent = (href: string, path: string) =>
  href === '/u' || href === '/m' ? path === href : path === href || path.startsWith(`${href}/`)
