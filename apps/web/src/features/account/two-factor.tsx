'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Card } from '../../ui/page.tsx'
import { callAuth } from '../sign-in/auth-client.ts'
import { AskPassword } from './ask-password.tsx'
import { Row } from './row.tsx'
import type { SetUp } from './set-up-two-factor.tsx'

// With what draws the picture for the app.
const SetUpTwoFactor = onDemand(() => import('./set-up-two-factor.tsx').then((module) => module.SetUpTwoFactor))
const BackupCodes = onDemand(() => import('./backup-codes.tsx').then((module) => module.BackupCodes))

type Step =
  | { name: 'enable' | 'disable' | 'renew' }
  | { name: 'set-up'; setUp: SetUp }
  | { name: 'codes'; codes: string[] }

export function TwoFactor({ hasTwoFactor }: { hasTwoFactor: boolean }) {
  const [step, setStep] = useState<Step>()
  const router = useRouter()
  const close = () => setStep(undefined)
  const finish = () => {
    close()
    router.refresh()
  }
  return (
    <Card title="Two-factor sign-in" actions={hasTwoFactor ? <Badge tone="good">On</Badge> : <Badge>Off</Badge>}>
      <Row
        action={
          hasTwoFactor ? (
            <div className="flex flex-wrap gap-2">
              <Button onClick={() => setStep({ name: 'renew' })}>New backup codes</Button>
              <Button kind="danger" onClick={() => setStep({ name: 'disable' })}>
                Turn off
              </Button>
            </div>
          ) : (
            <Button kind="primary" onClick={() => setStep({ name: 'enable' })}>
              Turn on
            </Button>
          )
        }
      >
        After your password, a code of an authenticator app on your phone is asked for. Who learns the password can’t
        sign in with it.
      </Row>
      {step && <StepDialog step={step} onStep={setStep} onClose={close} onFinish={finish} />}
    </Card>
  )
}

interface StepDialogProps {
  step: Step
  onStep: (step: Step) => void
  onClose: () => void
  onFinish: () => void
}

function StepDialog({ step, onStep, onClose, onFinish }: StepDialogProps) {
  switch (step.name) {
    case 'enable':
      return (
        <AskPassword
          title="Turn on two-factor sign-in"
          action="Continue"
          act={(password) => callAuth<SetUp>('two-factor/enable', { password })}
          onDone={(setUp) => onStep({ name: 'set-up', setUp })}
          onClose={onClose}
        />
      )
    case 'disable':
      return (
        <AskPassword
          title="Turn off two-factor sign-in"
          about="Your password alone signs you in from then on. The backup codes are void."
          action="Turn off"
          act={(password) => callAuth('two-factor/disable', { password })}
          onDone={onFinish}
          onClose={onClose}
        />
      )
    case 'renew':
      return (
        <AskPassword
          title="New backup codes"
          about="Those that you have are void then."
          action="Make new codes"
          act={(password) => callAuth<{ backupCodes: string[] }>('two-factor/generate-backup-codes', { password })}
          onDone={({ backupCodes }) => onStep({ name: 'codes', codes: backupCodes })}
          onClose={onClose}
        />
      )
    case 'set-up':
      return (
        <SetUpTwoFactor
          setUp={step.setUp}
          onVerified={() => onStep({ name: 'codes', codes: step.setUp.backupCodes })}
          onClose={onClose}
        />
      )
    case 'codes':
      return <BackupCodes codes={step.codes} onClose={onFinish} />
  }
}
